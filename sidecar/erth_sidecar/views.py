"""Templates to HTML."""

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

    def render(self, name: str, **data: Any) -> str:
        """The template's HTML."""
        return self._templates.get_template(name).render(data)
