"""What parsers yield, and how they say that something is missing."""

from collections.abc import Iterator
from dataclasses import dataclass

_SLICE = 400_000


@dataclass(slots=True)
class Part:
    """A piece of text in its order; `page`: a page begins with it; `done`: from 0 to 1."""

    text: str
    done: float
    page: bool = False


def slices(text: str) -> Iterator[Part]:
    """The text as it is, in pieces."""
    for at in range(0, len(text), _SLICE):
        piece = text[at : at + _SLICE]
        yield Part(piece, (at + len(piece)) / len(text))


class Incomplete(Exception):
    """Raised at the end: what was yielded is kept, and `message` says what is missing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def beyond(cls, characters: int) -> "Incomplete":
        """Of a text that is longer than that."""
        return cls("FILE_TOO_LARGE", f"Only its first {characters:,} characters were read.")
