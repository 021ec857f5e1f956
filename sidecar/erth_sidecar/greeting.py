"""The line to the shell: JSON lines on stdin and stdout, as docs/contracts.md has them."""

import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
"""Where everything that the shell starts listens."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The shell's first line."""

    token: str = field(repr=False)
    origin: str
    database: str
    data_dir: str
    log_level: str = "INFO"
    errors: str | None = None
    engine: str | dict[str, Any] | None = None
    synchronous: str = "NORMAL"
    assistant: dict[str, Any] | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, line: bytes) -> "Greeting":
        """Reads the line.

        Raises ValueError if it isn't a greeting. The message never quotes the line: the token
        is in it.
        """
        fields = object_of(line, "greeting")
        for name in ("token", "origin", "database", "dataDir"):
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise ValueError(f"Cannot read the greeting as '{name}' must be a text")
        synchronous = fields.get("synchronous", "NORMAL")
        if synchronous not in ("NORMAL", "FULL"):
            raise ValueError(f"'synchronous' must be NORMAL or FULL: value is {synchronous}")
        return cls(
            token=fields["token"],
            origin=fields["origin"],
            database=fields["database"],
            data_dir=fields["dataDir"],
            log_level=str(fields.get("logLevel", "INFO")).upper(),
            errors=fields.get("errors"),
            engine=fields.get("engine"),
            synchronous=synchronous,
            assistant=_assistant_of(fields),
        )


def object_of(line: bytes, what: str) -> dict[str, Any]:
    """A line as JSON object.

    Raises ValueError if it is anything else. The message never quotes it: secrets are in it.
    """
    try:
        fields = json.loads(line)
    except ValueError:
        raise ValueError(f"Cannot read the {what} as it isn't JSON") from None
    if not isinstance(fields, dict):
        raise ValueError(f"Cannot read the {what} as it isn't an object")
    return fields


def _assistant_of(fields: dict[str, Any]) -> dict[str, Any] | None:
    assistant = fields.get("assistant")
    return assistant if isinstance(assistant, dict) else None


class Channel:
    """The private ends of stdin and stdout."""

    def __init__(self, incoming: BinaryIO, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._send, name="say", daemon=True).start()

    @classmethod
    def take(cls) -> "Channel":
        """Takes both ends; from here on, what anything else prints goes to stderr."""
        outgoing = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(os.fdopen(os.dup(0), "rb"), outgoing)

    def greeting(self) -> Greeting:
        """Waits for the first line. Exits if the parent went away before it."""
        return Greeting.parse(self.first_line())

    def first_line(self) -> bytes:
        """Waits for it. Exits if the parent went away before."""
        line = self._incoming.readline()
        if not line:
            os._exit(0)
        return line

    def say(self, **fields: Any) -> None:
        """Sends one line, without waiting for a shell that is slow to read."""
        self._lines.put(json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n")

    def flush(self) -> None:
        """Waits until all lines are sent."""
        self._lines.join()

    def _send(self) -> None:
        while True:
            line = self._lines.get()
            try:
                # A parent that is gone is noticed on stdin, not here.
                os.write(self._outgoing, line.encode())
            except OSError:
                log.warning("The shell doesn't listen any more")
            self._lines.task_done()

    def listen(
        self, on_line: Callable[[dict[str, Any]], None], on_stop: Callable[[], None]
    ) -> None:
        """Hears the shell on a thread of its own until the end of stdin, which ends the process.

        `on_line` takes each line that isn't the stop line, on that thread.
        """

        def hear() -> None:
            try:
                for line in self._incoming:
                    self._heed(line, on_line, on_stop)
            finally:
                os._exit(0)

        threading.Thread(target=hear, name="shell", daemon=True).start()

    def _heed(
        self, line: bytes, on_line: Callable[[dict[str, Any]], None], on_stop: Callable[[], None]
    ) -> None:
        try:
            fields = object_of(line, "line")
        except ValueError:
            log.warning("A line of %d bytes from the shell wasn't understood", len(line))
            return
        if fields.get("stop"):
            threading.Thread(target=on_stop, name="stop", daemon=True).start()
        else:
            on_line(fields)
