"""Templates to HTML."""

import hashlib
import shutil
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket, BytecodeCache

from erth_sidecar.ids import read_time
from erth_sidecar.text.icons import icon

OWN = Path(__file__).parents[1] / "templates"
COMPILED = "compiled"
"""Folder among the templates that a frozen sidecar has them compiled in."""


class Views:
    """The templates of one folder; those it lacks are Erth's own.

    Everything they are given is escaped unless it is Markup.
    """

    def __init__(self, folder: Path) -> None:
        self._templates = _environment(folder, _Compiled(folder / COMPILED))

    def render(self, name: str, **data: Any) -> str:
        """The template's HTML."""
        return self._templates.get_template(name).render(data)


def compile_all(folder: Path, target: Path) -> None:
    """Compiles all templates into `target`, so that the first request doesn't have to."""
    # Anew: what is compiled has the HTML of icons in it.
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    environment = _environment(folder, _Compiled(target, write=True))
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)


def when(moment: str, now: datetime | None = None) -> str:
    """A stored time as people say it, in this computer's time zone: 14:02, Yesterday, 3 May. What
    isn't a time is shown as it is."""
    return _told(moment, (now or datetime.now()).date())


class _Compiled(BytecodeCache):
    """Compiled templates by name; one whose source has changed since is compiled anew."""

    def __init__(self, folder: Path, write: bool = False) -> None:
        self._folder = folder
        self._write = write

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The file's name: without the source's path, which isn't the same after freezing."""
        del filename
        return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Loads what is there; anything that doesn't fit is passed over by Jinja."""
        path = self._folder / bucket.key
        if path.is_file():
            with path.open("rb") as file:
                bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Writes while templates are being compiled ahead, never while serving."""
        if self._write:
            with (self._folder / bucket.key).open("wb") as file:
                bucket.write_bytecode(file)


def _environment(folder: Path, compiled: BytecodeCache) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, OWN]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=compiled,
    )
    environment.filters["when"] = when
    # A filter and no macro: for a name that is written out, Jinja calls it while it compiles.
    environment.filters["icon"] = icon
    return environment


@lru_cache(maxsize=4096)
def _told(moment: str, today: date) -> str:
    try:
        local = read_time(moment).astimezone()
    except (ValueError, OverflowError):
        return moment[:16]
    if local.date() == today:
        return f"{local:%H:%M}"
    if local.date() == today - timedelta(days=1):
        return "Yesterday"
    return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")
