"""One HTTP request to a port of this computer, with deadlines and an end at any moment."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from erth_sidecar.models.cancel import Cancel
from erth_sidecar.models.faults import Broken

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. A model may read a long prompt before its first word."""

    connect: float = 5.0
    first: float = 120.0
    between: float = 60.0
    whole: float = 3600.0


class Response:
    """An answer, read while it comes."""

    def __init__(
        self,
        response: http.client.HTTPResponse,
        line: socket.socket,
        cancel: Cancel,
        deadlines: Deadlines,
    ) -> None:
        self._response = response
        self._cancel = cancel
        self._line = line
        self._deadlines = deadlines
        self._until = time.monotonic() + deadlines.whole
        self.status = response.status

    def header(self, name: str) -> str:
        """A header's value; empty if there is none."""
        return self._response.headers.get(name) or ""

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises Broken `slow` or `cut`, or Cancelled."""
        wait = self._deadlines.first
        while True:
            left = self._until - time.monotonic()
            if left <= 0:
                raise Broken("slow", f"no end after {self._deadlines.whole:.0f} s")
            self._line.settimeout(min(wait, left))
            try:
                piece = self._response.read1(65536)
            except TimeoutError:
                raise Broken("slow", f"nothing for {wait:.0f} s") from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._cancel.check()
                raise Broken("cut", error) from error
            if not piece:
                # A socket that was shut looks like an answer's end.
                self._cancel.check()
                if self._response.length:
                    raise Broken("cut", f"{self._response.length} bytes are missing")
                return
            wait = self._deadlines.between
            yield piece

    def whole(self, most: int = 1_000_000) -> bytes:
        """The body, cut at `most` bytes. Raises Broken."""
        body = b""
        for piece in self.pieces():
            body += piece
            if len(body) >= most:
                break
        return body[:most]


@contextmanager
def post(
    url: str, key: str, body: bytes, cancel: Cancel, deadlines: Deadlines | None = None
) -> Iterator[Response]:
    """Posts JSON and gives the answer once its headers are there.

    Cancelling shuts the socket, which the other side sees at once. Raises Broken, Cancelled,
    or ValueError for an address that isn't this computer's.
    """
    deadlines = deadlines or Deadlines()
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        raise ValueError(f"Cannot ask a model as its address isn't loopback: value is {url}")
    connection = http.client.HTTPConnection(
        parts.hostname, parts.port or 80, timeout=deadlines.connect
    )
    try:
        cancel.check()
        try:
            connection.connect()
        except OSError as error:
            raise Broken("unreachable", error) from error
        line = connection.sock
        with cancel.calls(lambda: _shut(line)):
            connection.putrequest("POST", parts.path or "/")
            for name, value in _headers(key, body).items():
                connection.putheader(name, value)
            response = _response(connection, body, deadlines, cancel)
            with response:
                yield Response(response, line, cancel, deadlines)
    finally:
        connection.close()


def _headers(key: str, body: bytes) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Accept": "text/event-stream, application/json",
        "Connection": "close",
    }
    return headers | ({"Authorization": f"Bearer {key}"} if key else {})


def _response(
    connection: http.client.HTTPConnection, body: bytes, deadlines: Deadlines, cancel: Cancel
) -> http.client.HTTPResponse:
    """Sends what was put and waits for the headers."""
    line = connection.sock
    # A timeout of the socket counts from byte to byte: headers that drip need a clock of their own.
    passed = threading.Event()

    def give_up() -> None:
        passed.set()
        _shut(line)

    late = threading.Timer(deadlines.first, give_up)
    late.daemon = True
    late.start()
    try:
        line.settimeout(deadlines.first)
        connection.endheaders(body)
        response = connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        cancel.check()
        if isinstance(error, TimeoutError) or passed.is_set():
            raise Broken("slow", f"nothing for {deadlines.first:.0f} s") from error
        raise Broken("cut", error) from error
    finally:
        late.cancel()
    # Headers that a shut socket cuts off look complete.
    if cancel.is_set() or passed.is_set():
        response.close()
        cancel.check()
        raise Broken("slow", f"no end of the headers for {deadlines.first:.0f} s")
    return response


def _shut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
