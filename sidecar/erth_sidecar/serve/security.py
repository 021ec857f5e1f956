"""Who may ask: the opaque token, the liveness proof, and the answers to preflights."""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable

OVERLAP = 30.0
"""Seconds that the token before the current one still counts."""

_SHORTEST_SECRET = 32

_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": (
        "authorization, content-type, idempotency-key, hx-request, hx-current-url, hx-target, "
        "hx-source, hx-boosted, hx-request-type, last-event-id"
    ),
    "Access-Control-Max-Age": "600",
}


class Tokens:
    """The current token and, for a while, the one before it."""

    def __init__(self, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._current = _checked(token)
        self._previous = b""
        self._previous_until = 0.0

    def rotate(self, token: str) -> None:
        """Makes `token` the current one at once. Raises ValueError on a token without secret."""
        fresh = _checked(token)
        with self._lock:
            if fresh == self._current:
                return
            self._previous = self._current
            self._previous_until = self._clock() + OVERLAP
            self._current = fresh

    def accepts(self, authorization: str | None) -> bool:
        """Whether an `Authorization` header carries a token that counts; in constant time."""
        scheme, _, given = (authorization or "").partition(" ")
        offered = given.strip().encode()
        with self._lock:
            previous = self._previous if self._clock() < self._previous_until else self._current
            current = self._current
        matches = hmac.compare_digest(offered, current) | hmac.compare_digest(offered, previous)
        return scheme.lower() == "bearer" and matches

    def prove(self, nonce: str) -> str:
        """Hex HMAC-SHA256 of the nonce, keyed with the current token's secret part."""
        with self._lock:
            secret = self._current.partition(b".")[2]
        return hmac.new(secret, nonce.encode(), hashlib.sha256).hexdigest()


def cors(origin: str | None, allowed: str) -> dict[str, str]:
    """Headers that let the gateway's origin, and none other, read an answer."""
    headers = {"Vary": "Origin"}
    if origin is not None and origin == allowed:
        headers["Access-Control-Allow-Origin"] = allowed
    return headers


def preflight(origin: str | None, allowed: str) -> dict[str, str]:
    """Headers of the 204 that answers an `OPTIONS` request."""
    headers = cors(origin, allowed)
    if "Access-Control-Allow-Origin" in headers:
        headers |= _ALLOWED
    return headers


def _checked(token: str) -> bytes:
    name, _, secret = token.partition(".")
    if not name or len(secret) < _SHORTEST_SECRET or not token.isascii():
        raise ValueError(
            f"Cannot use a token of {len(token)} characters as its secret is too short"
        )
    return token.encode()
