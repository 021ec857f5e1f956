"""What a model server's refusal means, as an error of the catalogue."""

import re
from datetime import UTC, datetime
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.models.sse import said

_CONTEXT = ("exceed_context_size_error", "context_length_exceeded")
_CONTEXT_WORDS = re.compile(r"context (?:length|size|window)|maximum context", re.IGNORECASE)
_STATUS = {
    401: "ENDPOINT_AUTH",
    403: "ENDPOINT_AUTH",
    404: "ENDPOINT_MODEL",
    405: "ENDPOINT_FOREIGN",
    408: "ENDPOINT_SLOW",
    429: "ENDPOINT_BUSY",
    503: "ENDPOINT_BUSY",
    504: "ENDPOINT_SLOW",
}
_DETAIL = 300
_BROKEN = {
    "unreachable": "ENDPOINT_UNREACHABLE",
    "slow": "ENDPOINT_SLOW",
    "cut": "ENDPOINT_CUT",
}


class Broken(Exception):
    """The connection failed; `kind` is `unreachable`, `slow`, or `cut` (it ended too early)."""

    def __init__(self, kind: str, cause: object = "") -> None:
        super().__init__(f"{kind}: {cause}" if cause else kind)
        self.kind = kind


class ContextFull(Failure):
    """`CONTEXT_FULL`, with the numbers as far as they are known."""

    def __init__(self, tokens: int | None, limit: int | None) -> None:
        numbers = (
            f"{tokens} tokens; {limit} hold that and the answer." if tokens and limit else None
        )
        super().__init__("CONTEXT_FULL", numbers)
        self.tokens = tokens
        self.limit = limit


class Refused(Failure):
    """An answer with an error's status; `retry_after` in seconds, None if it doesn't say."""

    def __init__(self, code: str, detail: str, status: int, retry_after: float | None) -> None:
        super().__init__(code, detail or None)
        self.status = status
        self.retry_after = retry_after


def of_connection(broken: Broken) -> Failure:
    """The failure behind a connection that broke."""
    return Failure(_BROKEN[broken.kind])


def of_answer(status: int, body: bytes, ours: str, retry_after: str) -> Failure:
    """The failure behind an answer; `ours` is the code that Erth's own relay named."""
    error = _error(body)
    detail = _line(error.get("message")) if error else ""
    if ours:
        return Failure(ours, detail or None)
    if error and (full := of_error(error, status)) is not None and full.code == "CONTEXT_FULL":
        return full
    code = _STATUS.get(status) or ("ENDPOINT_FAILED" if error else _foreign(status))
    return Refused(code, detail, status, _seconds(retry_after))


def of_error(error: dict[str, Any], status: int = 400) -> Failure:
    """The failure behind an error object, as it also comes in the middle of a stream."""
    message = _line(error.get("message"))
    marks = (error.get("type"), error.get("code"))
    if any(mark in _CONTEXT for mark in marks) or (
        status in (400, 413, 422, 500) and _CONTEXT_WORDS.search(message)
    ):
        numbers = [int(n) for n in re.findall(r"\d{3,9}", message)]
        tokens, limit = error.get("n_prompt_tokens"), error.get("n_ctx")
        if not isinstance(tokens, int) or not isinstance(limit, int):
            tokens = max(numbers) if len(numbers) > 1 else None
            limit = min(numbers) if numbers else None
        return ContextFull(tokens, limit)
    code = error.get("code")
    known = _STATUS.get(code) if isinstance(code, int) else None
    return Failure(known or "ENDPOINT_FAILED", message or None)


def _foreign(status: int) -> str:
    """Without an error that can be read: a server in trouble, or one that is something else."""
    return "ENDPOINT_FAILED" if status >= 500 else "ENDPOINT_FOREIGN"  # noqa: PLR2004 - HTTP's


def _error(body: bytes) -> dict[str, Any]:
    try:
        given = said(body)
    except (ValueError, RecursionError):
        return {}
    error = given.get("error", given) if isinstance(given, dict) else {}
    # Some servers send the text alone.
    error = {"message": error} if isinstance(error, str) else error
    if isinstance(error, dict) and isinstance(error.get("detail"), str):
        error.setdefault("message", error["detail"])
    return error if isinstance(error, dict) else {}


def _line(text: object) -> str:
    words = " ".join(text.split()) if isinstance(text, str) else ""
    return words if len(words) <= _DETAIL else words[: _DETAIL - 1] + "…"


def _seconds(header: str) -> float | None:
    """`Retry-After` in seconds (RFC 9110, 10.2.3: a number or a date)."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", header.strip()):
        return float(header)
    # Imported where it is needed: most sidecars never do.
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
