from datetime import datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from erth_sidecar.views import Views, when


def test_what_templates_show_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "t.html").write_text("<p>{{ text }}</p>", "utf-8")
    views = Views(tmp_path)
    assert views.render("t.html", text="<b>&") == "<p>&lt;b&gt;&amp;</p>"
    with pytest.raises(UndefinedError):
        views.render("t.html")


def test_times_are_told_as_people_do() -> None:
    now = datetime(2026, 11, 22, 15, 0).astimezone()
    assert when(datetime(2026, 11, 22, 9, 5).astimezone().isoformat(), now) == "09:05"
    assert when(datetime(2026, 11, 21, 9, 5).astimezone().isoformat(), now) == "Yesterday"
    assert when(datetime(2026, 5, 3).astimezone().isoformat(), now) == "3 May"
    assert when(datetime(2025, 5, 3).astimezone().isoformat(), now) == "3 May 2025"
