"""Identifiers and times as the store writes them."""

import os
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

_lock = threading.Lock()
_last = 0


def uuid7() -> str:
    """A UUIDv7 as text (RFC 9562 §5.7).

    Ids of one process sort in the order they were made: the 12 bits after the milliseconds hold
    the fraction of a millisecond (§6.2, method 3) and never go back.
    """
    global _last
    nanoseconds = time.time_ns()
    stamp = (nanoseconds // 1_000_000 << 12) + nanoseconds % 1_000_000 * 4096 // 1_000_000
    with _lock:
        _last = stamp = max(stamp, _last + 1)
    random = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | random
    return str(uuid.UUID(int=value))


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its usual spelling."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def now_text() -> str:
    """The time now: UTC, milliseconds, fixed width, so that text order is time order."""
    return _text(datetime.now(UTC))


def later_than(moment: str, milliseconds: int = 1) -> str:
    """The time so many milliseconds after `moment` (negative: before); of what no time can be read
    from, which another program may have stored, the time now."""
    try:
        return _text(read_time(moment) + timedelta(milliseconds=milliseconds))
    except (ValueError, OverflowError):
        return now_text()


def read_time(text: str) -> datetime:
    """A stored time; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
