"""Server-sent events from bytes that come in any pieces (WHATWG HTML, 9.2.6)."""

import json
import re
from typing import Any

MAX_EVENT = 4_000_000
"""Bytes of one event."""
_HALF = re.compile("[\ud800-\udfff]")


class Events:
    """Parses a stream; only `data` and the field `error` that llama.cpp has are of interest."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[str]:
        """The data of each event that ends in this piece. Raises ValueError on one without end."""
        lines = (self._rest + piece).splitlines(keepends=True)
        # "\r" may be the first half of a line end.
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        found: list[str] = []
        for line in lines:
            self._line(line.rstrip(b"\r\n"), found)
        if self._size + len(self._rest) > MAX_EVENT:
            raise ValueError(f"Cannot read an event as it is over {MAX_EVENT} bytes")
        return found

    def end(self) -> list[str]:
        """The event that the end of the stream cut off, if it is complete for all that."""
        found: list[str] = []
        self._line(self._rest.rstrip(b"\r\n"), found)
        self._line(b"", found)
        return found

    def _line(self, line: bytes, found: list[str]) -> None:
        if not line:
            if self._data:
                found.append("\n".join(self._data))
            self._data, self._size = [], 0
            return
        name, _, value = line.partition(b":")
        if name in (b"data", b"error"):
            # Whole lines only are decoded, so no character is ever cut.
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
            self._size += len(value)


def said(data: str | bytes) -> Any:
    """What a server says as JSON. Raises ValueError or RecursionError.

    Half a surrogate pair, which could neither be stored nor sent on, becomes U+FFFD.
    """
    value = json.loads(data)
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(_HALF.sub("\N{REPLACEMENT CHARACTER}", text)) if _HALF.search(text) else value
