"""The engine that needs no model: it quotes the passages that were found, and says so."""

import re
import time
from collections.abc import Callable, Sequence

from erth_sidecar.chat.engines import Passage, Pieces, Turn

PIECES = 120
"""Pieces at most, so that a long answer takes no longer than a short one."""
PAUSE = 0.006
"""Seconds between two pieces: an answer is seen to grow, and is there within a second."""

_PROSE = (".md", ".markdown", ".txt", ".htm", ".html", ".pdf", ".csv", ".tsv")
"""Endings of files whose text isn't code."""
_MOUNT = "For an answer in words of its own, mount one under [Models](models)."
_NOTHING = (
    "I found nothing about that in your notes and files.\n\n"
    "No model is mounted, so I can only quote what is written there. "
    f"Try the words you would have used in a note. {_MOUNT}"
)


class Quote:
    """Answers with block quotes, each linked to its note."""

    name = "quote"

    def __init__(self, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause

    def chat(self, messages: Sequence[Turn], passages: Sequence[Passage]) -> Pieces:
        """The same passages always give the same text, so an interrupted answer can go on."""
        del messages
        for piece in _pieces(_text(passages)):
            yield piece
            self._pause(PAUSE)


def _text(passages: Sequence[Passage]) -> str:
    if not passages:
        return _NOTHING
    count = "one passage" if len(passages) == 1 else f"{len(passages)} passages"
    parts = [f"No model is mounted, so I quote. I found {count} on this:"]
    parts += [_quoted(passage) for passage in passages]
    return "\n\n".join([*parts, _MOUNT])


def _quoted(passage: Passage) -> str:
    text, fences = passage.text, re.findall(r"^[ \t]*(```+|~~~+)", passage.text, re.MULTILINE)
    if passage.source == "file" and not passage.title.lower().endswith(_PROSE):
        fence = max([*re.findall("`+", text), "``"], key=len) + "`"
        text = f"{fence}\n{text}\n{fence}"
    elif len(fences) % 2:
        # A passage may end within a code block; what follows it isn't code.
        text += f"\n{fences[-1]}"
    lines = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    title = re.sub(r"([\\\[\]*_`<>!])", r"\\\1", passage.title)
    return f"{lines}\n>\n> — [{title}]({passage.link})"


def _pieces(text: str) -> list[str]:
    words = re.findall(r"\s*\S{1,12}", text)
    size = -(-len(words) // PIECES)
    return ["".join(words[i : i + size]) for i in range(0, len(words), size)]
