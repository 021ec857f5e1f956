"""Templates to HTML."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


class Views:
    """The templates of one folder. Everything they are given is escaped unless it is Markup."""

    def __init__(self, folder: Path) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters["when"] = when

    def render(self, name: str, **data: Any) -> str:
        """The template's HTML."""
        return self._templates.get_template(name).render(data)


def when(moment: str, now: datetime | None = None) -> str:
    """A stored time as people say it, in this computer's time zone: 14:02, Yesterday, 3 May."""
    local = datetime.fromisoformat(moment).astimezone()
    today = (now or datetime.now()).astimezone().date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return "Yesterday"
    return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")
