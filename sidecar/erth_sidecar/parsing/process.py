"""A parser process from its first line to its end."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.parsing import limits
from erth_sidecar.parsing.kinds import HEAD, kind_of
from erth_sidecar.parsing.limits import MAX_CHARACTERS
from erth_sidecar.parsing.parts import Incomplete, Part

_PIECE = 400_000
"""Characters in one line: below `LINE` bytes however they are written."""


def run() -> None:
    """Reads the one file asked for; doesn't return."""
    sys.dont_write_bytecode = True
    outgoing = os.dup(1)
    # From here on, what anything else prints goes to stderr.
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.buffer.readline() or b"{}")
    if not asked:
        os._exit(0)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    limits.confine(int(asked["seconds"]), int(asked["memory"]))

    def say(**fields: Any) -> None:
        line = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        while line:
            line = line[os.write(outgoing, line) :]

    end: dict[str, Any] = {}
    try:
        _read(Path(asked["path"]), asked["name"], say)
    except (Failure, Incomplete) as failure:
        end = {"code": failure.code, "detail": failure.message}
    except MemoryError:
        end = {"code": "FILE_TOO_LARGE", "detail": limits.MEMORY_WORDS}
    except OSError as error:
        end = {"code": "FILE_DAMAGED", "detail": f"It can't be read: {error.strerror}."}
    say(end=True, **end)
    # Not through Python's own end: what a library holds isn't worth putting away.
    os._exit(0)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(3)


def _read(path: Path, name: str, say: Any) -> None:
    with path.open("rb") as file:
        kind = kind_of(name, file.read(HEAD))
    room = MAX_CHARACTERS
    for part in _parts(kind, path, name):
        text = part.text
        for at in range(0, max(len(text), 1), _PIECE):
            piece = text[at : at + min(_PIECE, room)]
            room -= len(piece)
            say(text=piece, done=round(part.done, 3), **({"page": True} if part.page else {}))
            part.page = False
            if not room and at + len(piece) < len(text):
                raise Incomplete.beyond(MAX_CHARACTERS)


def _parts(kind: str, path: Path, name: str) -> Iterator[Part]:
    if kind == "pdf":
        from erth_sidecar.parsing import pdf

        return pdf.read(path)
    from erth_sidecar.parsing import texts

    return texts.read(kind, path, name)
