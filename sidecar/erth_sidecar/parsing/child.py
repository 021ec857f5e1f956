"""Reading one file in a process of its own: its start, its answers, its end."""

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from erth_sidecar.parsing import limits
from erth_sidecar.parsing.limits import LINE, MAX_CHARACTERS, MAX_PAGES, MEMORY_WORDS

log = logging.getLogger(__name__)

_STDERR = 2000
"""Bytes of what a parser says on stderr that are kept."""


@dataclass(slots=True)
class Parsed:
    """What was read of a file.

    `code` and `detail` say what is missing, or why nothing was read; `killed`: the process ended
    by a signal that wasn't for the time it took.
    """

    text: str = ""
    pages: list[int] = field(default_factory=list)
    code: str | None = None
    detail: str | None = None
    killed: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one reading may take: processor seconds, seconds, bytes of memory."""

    cpu: int = limits.CPU_SECONDS
    wall: float = limits.WALL_SECONDS
    memory: int = limits.MEMORY


def parse(
    path: Path,
    name: str,
    on_progress: Callable[[float], None] = lambda _: None,
    allowance: Allowance = Allowance(),
) -> Parsed:
    """Reads the file under `path`, which people know as `name`; takes `allowance.wall` at most."""
    process = subprocess.Popen(  # noqa: S603 - the sidecar's own program
        command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={"MALLOC_ARENA_MAX": "1"} if sys.platform != "win32" else None,
        close_fds=True,
    )
    assert process.stdin and process.stdout and process.stderr
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    clock = threading.Timer(allowance.wall, end)
    clock.daemon = True
    clock.start()
    said = bytearray()
    listener = threading.Thread(target=_drain, args=(process.stderr, said), daemon=True)
    listener.start()
    asked = {
        "path": str(path.absolute()),
        "name": name,
        "seconds": allowance.cpu,
        "memory": allowance.memory,
    }
    parsed, ended = Parsed(), False
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
        ended = _hear(process.stdout, parsed, on_progress)
    except OSError:
        pass
    finally:
        process.kill()
        status = process.wait()
        clock.cancel()
        listener.join()
        for stream in (process.stdin, process.stdout, process.stderr):
            # What the parser didn't live to be asked can't be sent now, either.
            with suppress(OSError):
                stream.close()
    if not ended:
        _explain(parsed, status, late.is_set())
        log.warning("Reading a file ended with %d: %s", status, said.decode("utf-8", "replace"))
    return parsed


def command() -> list[str]:
    """The parser's program and arguments: the sidecar's own."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "parse"]
    return [sys.executable, "-m", "erth_sidecar", "parse"]


def _hear(stream: Any, parsed: Parsed, on_progress: Callable[[float], None]) -> bool:
    """Takes in what a parser says; whether it came to its end. Nothing in it is trusted."""
    pieces: list[str] = []
    length = 0
    try:
        while line := stream.readline(LINE):
            said = json.loads(line)
            if said.get("end"):
                parsed.code = _words(said.get("code"), 40)
                parsed.detail = _words(said.get("detail"), 300)
                return True
            if said.get("page") and len(parsed.pages) < MAX_PAGES:
                parsed.pages.append(length)
            piece = str(said["text"])[: MAX_CHARACTERS - length]
            # Half a surrogate pair, which couldn't be stored, is a ValueError here.
            piece.encode()
            pieces.append(piece.replace("\0", "\N{REPLACEMENT CHARACTER}"))
            length += len(piece)
            on_progress(min(1.0, max(0.0, float(said["done"]))))
    except (ValueError, TypeError, KeyError, AttributeError):
        log.warning("A parser said what isn't understood")
    finally:
        parsed.text = "".join(pieces)
    return False


def _explain(parsed: Parsed, status: int, late: bool) -> None:
    if late or status == -getattr(signal, "SIGXCPU", 24):
        parsed.code = "FILE_TIMEOUT"
        parsed.detail = "Only the part before that was kept." if parsed.text.strip() else None
        return
    if status == -signal.SIGABRT:
        # What pdfium ends with where Python would raise MemoryError.
        parsed.code = "FILE_TOO_LARGE"
        parsed.detail = MEMORY_WORDS
        return
    parsed.killed = True
    parsed.code = "FILE_DAMAGED"
    parsed.detail = "Reading it ended in the middle, twice."


def _words(value: Any, most: int) -> str | None:
    return value[:most] if isinstance(value, str) and value else None


def _drain(stream: Any, kept: bytearray) -> None:
    while piece := stream.read(4096):
        kept += piece[: max(0, _STDERR - len(kept))]
