"""Requests and answers as the pages see them, whatever server carries them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote_plus

from erth_sidecar.errors import Failure

HTML = "text/html; charset=utf-8"
JSON = "application/json"
MAX_BODY = 16_000_000
"""Bytes of a request; a form spells a Chinese letter of 3 bytes in 9, so this is above 4 MB."""

_AT = re.compile("([0-9]{1,9})-([0-9]{1,9})")


class HeaderSource(Protocol):
    """Header values by lower-case name; a dict will do."""

    def get(self, name: str, /) -> str | None:
        """The last value of the header, or None."""


@dataclass(slots=True)
class Answer:
    """What a handler answers with."""

    body: str = ""
    status: int = 200
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Stream:
    """Server-sent events, or a file's bytes. The generator isn't told when its client goes."""

    pieces: Iterator[str] | Iterator[bytes]
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/event-stream"


@dataclass(slots=True)
class Request:
    """What a handler is asked."""

    method: str
    path: str
    headers: HeaderSource
    params: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, list[str]] = field(default_factory=dict)
    body: str | bytes = ""

    def query(self, name: str) -> str:
        """The last value of a query parameter, decoded; empty if there is none."""
        values = self.queries.get(name)
        try:
            return _clean(unquote_plus(values[-1], errors="strict")) if values else ""
        except UnicodeDecodeError:
            raise Failure("BAD_REQUEST", f"Cannot read '{name}' as it isn't UTF-8.") from None

    def number(self, name: str, default: int, most: int) -> int:
        """A query parameter as a whole number from 0 to `most`."""
        text = self.query(name)
        if not text:
            return default
        if not re.fullmatch("[0-9]{1,9}", text) or int(text) > most:
            raise Failure(
                "BAD_REQUEST", f"'{name}' must be between 0 and {most}: value is {text[:20]}"
            )
        return int(text)

    @property
    def wants_json(self) -> bool:
        """Whether the answer is meant for a script."""
        return JSON in (self.headers.get("accept") or "")

    @property
    def from_page(self) -> bool:
        """Whether Erth's own page asks, which shows what answers as soon as it comes."""
        return self.headers.get("hx-request") is not None and not self.wants_json

    @property
    def target(self) -> str:
        """The id of the element that htmx will swap; empty without one."""
        return (self.headers.get("hx-target") or "").rpartition("#")[2]

    def fields(self) -> dict[str, Any]:
        """The form or JSON object sent. Line ends become "\\n"; NUL, which SQLite can't search,
        becomes U+FFFD.

        Raises Failure `BODY_TOO_LARGE` or `BAD_REQUEST`.
        """
        if len(self.body) > MAX_BODY:
            raise Failure("BODY_TOO_LARGE")
        if isinstance(self.body, bytes):
            raise Failure("BAD_REQUEST", "Cannot read the body as it isn't UTF-8.")
        if not self.body:
            return {}
        if (self.headers.get("content-type") or "").partition(";")[0].strip() == JSON:
            return {name: _clean(value) for name, value in _object(self.body).items()}
        try:
            form = parse_qs(self.body, keep_blank_values=True, errors="strict", max_num_fields=100)
        except (UnicodeDecodeError, ValueError):
            raise Failure("BAD_REQUEST", "Cannot read the form as it isn't well-formed.") from None
        return {name: _clean(values[-1]) for name, values in form.items()}

    def text(self, name: str, fields: Mapping[str, Any]) -> str:
        """A field that must be text; empty if it is missing."""
        value = fields.get(name, "")
        if not isinstance(value, str):
            raise Failure("BAD_REQUEST", f"'{name}' must be a text: it is {type(value).__name__}")
        return value


def json_answer(value: Any, status: int = 200) -> Answer:
    """An answer for a script."""
    return Answer(json.dumps(value, ensure_ascii=False), status, JSON)


def _object(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
        # Half a surrogate pair can't be stored as UTF-8.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Failure("BAD_REQUEST", "Cannot read the body as it isn't JSON.") from None
    if not isinstance(value, dict):
        raise Failure("BAD_REQUEST", "Cannot read the body as it isn't a JSON object.")
    return value


def _clean(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return value.replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")


def passage(request: Request) -> tuple[int, int] | None:
    """The place in a text that `?at=START-END` names; None if it names none."""
    found = _AT.fullmatch(request.query("at"))
    start, end = (int(found[1]), int(found[2])) if found else (0, 0)
    return (start, end) if start < end else None


def event(name: str, data: Any, id_: int | None = None) -> str:
    """One server-sent event, its data as JSON."""
    lines = [f"event: {name}"]
    if id_ is not None:
        lines.append(f"id: {id_}")
    return "\n".join([*lines, f"data: {json.dumps(data, ensure_ascii=False)}", "", ""])
