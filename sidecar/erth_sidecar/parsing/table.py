"""Tables with a sign between cells: each row becomes a line that can be understood alone."""

import csv
import io
import re
from collections.abc import Iterator

from erth_sidecar.parsing.parts import Incomplete, Part, slices

_MOST_COLUMNS = 500
_MOST_CELL = 1_000_000
_BATCH = 200_000
"""Characters that are handed on together."""
_NUMBER = re.compile(r"[\s\d.,:;%€$£+/-]*")


def read(text: str, name: str) -> Iterator[Part]:
    """Rows as `column: value; column: value`, one a line; the head names the columns.

    A table without a head, or that isn't one, comes as it is. Raises Incomplete.
    """
    csv.field_size_limit(_MOST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, name))
    try:
        head = [_cell(cell) for cell in next(rows)[: _MOST_COLUMNS + 1]]
    except (csv.Error, StopIteration):
        head = []
    wide = len(head) > _MOST_COLUMNS
    if not _is_head(head[:_MOST_COLUMNS]):
        yield from slices(text)
        return
    lines, size, seen, handed = ["; ".join(head[:_MOST_COLUMNS])], 0, 0, False
    try:
        for row in rows:
            line = _line(head, row)
            seen += sum(map(len, row)) + len(row)
            wide = wide or len(row) > _MOST_COLUMNS
            lines.append(line)
            size += len(line)
            if size > _BATCH:
                yield Part("\n".join([*lines, ""]), min(1.0, seen / len(text)))
                lines, size, handed = [], 0, True
    except csv.Error as error:
        if not handed:
            # Nothing was handed on yet: an open quote, say, which as plain text does no harm.
            yield from slices(text)
            return
        yield Part("\n".join(lines), 1.0)
        raise Incomplete(
            "FILE_DAMAGED", f"Reading stopped at line {rows.line_num}: {error}."
        ) from None
    yield Part("\n".join(lines), 1.0)
    if wide:
        raise Incomplete("FILE_TOO_LARGE", f"Only its first {_MOST_COLUMNS} columns were read.")


def _delimiter(text: str, name: str) -> str:
    """The sign that parts most cells, alike in the first lines."""
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    lines = text[:20_000].split("\n")[:20]
    lines = [line for line in (lines[:-1] or lines) if line.strip()]

    def fit(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in lines] or [0]
        return min(counts), max(counts)

    return max(",;\t|", key=fit)


def _is_head(cells: list[str]) -> bool:
    """Whether the first row names columns: no cell is empty, twice there, a number or long."""
    if len(cells) < 2 or len(set(cells)) != len(cells):  # noqa: PLR2004 - one column has no head
        return False
    return all(len(cell) <= 100 and not _NUMBER.fullmatch(cell) for cell in cells)  # noqa: PLR2004


def _line(head: list[str], row: list[str]) -> str:
    named = []
    for column, value in zip(head[:_MOST_COLUMNS], row, strict=False):
        cell = _cell(value)
        if cell:
            named.append(f"{column}: {cell}")
    named += [cell for value in row[len(head) : _MOST_COLUMNS] if (cell := _cell(value))]
    return "; ".join(named)


def _cell(text: str) -> str:
    return " ".join(text.split())
