"""What writes an answer."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Pieces = Generator[str, None, None]
"""An answer's Markdown, piece by piece."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of the conversation so far; `role` is `user` or `assistant`."""

    role: str
    body: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a note: `text` is `body[start:end]`, in characters."""

    note_id: str
    title: str
    text: str
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """A citation as it is stored and shown."""
        return {
            "note_id": self.note_id,
            "title": self.title,
            "passage": self.text,
            "start": self.start,
            "end": self.end,
        }

    @classmethod
    def of(cls, citation: dict[str, Any]) -> "Passage":
        """The passage behind a stored citation."""
        return cls(
            citation["note_id"],
            citation["title"],
            citation["passage"],
            citation["start"],
            citation["end"],
        )


class Engine(Protocol):
    """Writes an answer piece by piece."""

    name: str

    def chat(self, messages: Sequence[Turn], passages: Sequence[Passage]) -> Pieces:
        """Yields the answer's Markdown in pieces; the last message is the question.

        Closing the generator stops the work. An exception ends the answer as failed.
        """
