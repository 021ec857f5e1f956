"""The engine that needs no model: it quotes the passages that were found, and says so."""

import re
import time
from collections.abc import Callable, Sequence

from erth_sidecar.agent.engines import Passage, Pieces, Turn

PIECES = 120
"""Pieces at most, so that a long answer takes no longer than a short one."""
PAUSE = 0.006
"""Seconds between two pieces: an answer is seen to grow, and is there within a second."""

_NOTHING = (
    "I found nothing about that in your notes.\n\n"
    "No model is mounted, so I can only quote what you have written. "
    "Try the words you would have used in a note."
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
    parts = [f"No model is mounted, so I quote. Your notes have {count} on this:"]
    for passage in passages:
        quoted = "\n".join(f"> {line}".rstrip() for line in passage.text.split("\n"))
        title = re.sub(r"([\\\[\]*_`<>!])", r"\\\1", passage.title)
        parts.append(f"{quoted}\n>\n> — [{title}]({passage.link})")
    return "\n\n".join(parts)


def _pieces(text: str) -> list[str]:
    words = re.findall(r"\s*\S{1,12}", text)
    size = -(-len(words) // PIECES)
    return ["".join(words[i : i + size]) for i in range(0, len(words), size)]
