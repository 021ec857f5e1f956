"""What writes an answer."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Pieces = Generator[str, None, None]
"""An answer's Markdown, piece by piece."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of the conversation so far; `role` is `user` or `assistant`."""

    role: str
    body: str
    actions: tuple[dict[str, Any], ...] = ()
    """What tools did for an answer."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a note or file: `text` is `body[start:end]`, in characters."""

    source: str
    """`note` or `file`."""
    source_id: str
    title: str
    text: str
    start: int
    end: int

    @property
    def link(self) -> str:
        """Where the page shows it, highlighted."""
        place = "notes" if self.source == "note" else "library"
        return f"{place}/{self.source_id}?at={self.start}-{self.end}"

    def to_json(self) -> dict[str, Any]:
        """A citation as it is stored and shown."""
        return {
            f"{self.source}_id": self.source_id,
            "title": self.title,
            "passage": self.text,
            "start": self.start,
            "end": self.end,
            "link": self.link,
        }

    @classmethod
    def of(cls, citation: dict[str, Any]) -> "Passage":
        """The passage behind a stored citation."""
        source = "note" if "note_id" in citation else "file"
        return cls(
            source,
            citation[f"{source}_id"],
            citation["title"],
            citation["passage"],
            citation["start"],
            citation["end"],
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that a model wants to use; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Phase:
    """What a model is at while no text comes, in a person's words; empty when it's over."""

    text: str


@dataclass(slots=True)
class Ended:
    """The end of a model's turn: why, which tools it wants to use, and what it took."""

    reason: str = ""
    """`stop`, `length`, `tool_calls`, or whatever the server says."""
    calls: list[Call] = field(default_factory=list)
    prompt_tokens: int | None = None
    tokens: int | None = None
    rate: float | None = None
    """Tokens per second, if the server measured."""


Delta = str | Phase | Ended
"""What comes from a model: text, or a sign beside it. `Ended` is the last."""


class Engine(Protocol):
    """Writes an answer piece by piece."""

    name: str

    def chat(self, messages: Sequence[Turn], passages: Sequence[Passage]) -> Pieces:
        """Yields the answer's Markdown in pieces; the last message is the question.

        Closing the generator stops the work. An exception ends the answer as failed.
        """
