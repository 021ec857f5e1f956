from datetime import datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from erth_sidecar.serve.views import COMPILED, Views, compile_all, when


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
    assert when("2025-05-03 12:00:00", now) == "3 May 2025"
    assert when("some day", now) == "some day"
    assert when("9999-12-31T23:59:59.999Z", now)


def test_compiled_templates_are_used_until_their_source_changes(tmp_path: Path) -> None:
    (tmp_path / "t.html").write_text("<p>{{ text }}</p>", "utf-8")
    compile_all(tmp_path, tmp_path / COMPILED)
    files = list((tmp_path / COMPILED).iterdir())
    assert files
    assert Views(tmp_path).render("t.html", text="a") == "<p>a</p>"
    for file in files:
        file.write_bytes(b"damaged")
    assert Views(tmp_path).render("t.html", text="a") == "<p>a</p>"
    (tmp_path / "t.html").write_text("<b>{{ text }}</b>", "utf-8")
    assert Views(tmp_path).render("t.html", text="a") == "<b>a</b>"


def test_an_app_s_templates_use_erth_s_macros_and_icons(tmp_path: Path) -> None:
    (tmp_path / "t.html").write_text(
        '{% from "parts/toast.html" import toast %}'
        '{{ "trash"|icon }}{{ picture|icon(label) }}{{ toast("7", words, "book/undo") }}',
        "utf-8",
    )
    compile_all(tmp_path, tmp_path / COMPILED)
    html = Views(tmp_path).render("t.html", picture="pin", label='<"', words="<b>")
    assert '<use href="assets/icons.svg#trash"/>' in html
    assert 'aria-label="&lt;&#34;"><use href="assets/icons.svg#pin"/>' in html
    assert 'id="toast-7"' in html and "&lt;b&gt;" in html and 'hx-post="book/undo"' in html


def test_templates_are_compiled_anew_with_each_build(tmp_path: Path) -> None:
    (tmp_path / "t.html").write_text("<p>{{ text }}</p>", "utf-8")
    compile_all(tmp_path, tmp_path / COMPILED)
    (tmp_path / COMPILED / "of an earlier build").touch()
    compile_all(tmp_path, tmp_path / COMPILED)
    assert not (tmp_path / COMPILED / "of an earlier build").exists()


def test_templates_that_an_app_lacks_are_erth_s_own(tmp_path: Path) -> None:
    class Error:
        code, message, hint = "NOT_FOUND", "Nothing here.", "Go back."

    assert 'data-code="NOT_FOUND"' in Views(tmp_path).render("error.html", error=Error)
