"""Files that are text already: plain, Markdown, source code, JSON, tables, HTML."""

import json
from collections.abc import Iterator
from pathlib import Path

from erth_sidecar.errors import Failure
from erth_sidecar.parsing.decoding import decode
from erth_sidecar.parsing.limits import MAX_CHARACTERS
from erth_sidecar.parsing.parts import Incomplete, Part, slices

_MOST = 4 * MAX_CHARACTERS
"""Bytes that are read: no encoding takes more for the characters that are kept."""
_LONG_LINES = 400
"""Characters a line, on average, above which JSON is set in lines anew."""


def read(kind: str, path: Path, name: str) -> Iterator[Part]:
    """The text. Raises Failure `FILE_…` or Incomplete."""
    with path.open("rb") as file:
        data = file.read(_MOST)
        cut = bool(file.read(1))
    text, whole = decode(data, kind == "html")
    del data
    if not text.strip():
        raise Failure("FILE_EMPTY", "There is nothing but blanks in this file.")
    yield from _parts(kind, text, name)
    if cut:
        raise Incomplete.beyond(MAX_CHARACTERS)
    if not whole:
        raise Incomplete("FILE_ENCODING", "Some of its characters couldn't be read.")


def _parts(kind: str, text: str, name: str) -> Iterator[Part]:
    if kind == "html":
        from erth_sidecar.parsing import html

        return html.read(text)
    if kind == "table":
        from erth_sidecar.parsing import table

        return table.read(text, name)
    return slices(_in_lines(text) if kind == "json" else text)


def _in_lines(text: str) -> str:
    """JSON that stands in few long lines, set so that a person can read it."""
    if len(text) < _LONG_LINES * (text.count("\n") + 1):
        return text
    try:
        value = json.loads(text)
        return json.dumps(value, ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return text
