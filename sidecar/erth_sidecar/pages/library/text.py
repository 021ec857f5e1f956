"""What a page shows of a file's text, and the file itself to save."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO
from urllib.parse import quote

from erth_sidecar.errors import Failure
from erth_sidecar.library import files, texts
from erth_sidecar.library.originals import Originals
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Request, Stream, passage
from erth_sidecar.store.database import Reader

_MOST = 1_000_000
_BYTES = "application/octet-stream"
_CHUNK = 1 << 18


@dataclass(slots=True)
class Block:
    """A piece of text; `page`: the number of the page that it begins, 0 if it goes on; `runs`: text
    and whether it is the passage asked for."""

    page: int
    runs: list[tuple[str, bool]]


def register(app: App, originals: Originals) -> None:
    """Registers `GET library/ID/original.bin`: the file as it came, for saving alone.

    No browser shows it: what is in it is foreign, and this origin is Erth's own.
    """

    def original(request: Request) -> Stream:
        file = files.get(app.store, request.params["id"])
        try:
            opened = originals.path(file.id).open("rb")
        except OSError:
            raise Failure("FILE_NOT_FOUND", "The file itself isn't in the data folder.") from None
        name = quote(file.name, safe="")
        headers = {
            "Content-Type": _BYTES,
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        }
        return Stream(_pieces(opened), headers, _BYTES)

    app.get("/library/:id/original.bin", original)


def _pieces(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        while piece := opened.read(_CHUNK):
            yield piece


def shown(request: Request, reader: Reader, file: files.File) -> dict[str, Any]:
    """What `library/text.html` is given for the part that the request asks for."""
    at = passage(request)
    found = part(request, reader, file)
    page = request.number("page", 0, _MOST)
    return {"file": file, "part": found, "blocks": _blocks(found, at), "at": at, "leaf": page}


def part(request: Request, reader: Reader, file: files.File) -> texts.Part:
    """The `part` by its number, from 0, or the one with the passage `at` or the `page`."""
    at, page = passage(request), request.number("page", 0, _MOST)
    if (at or page) and not request.query("part"):
        start = at[0] if at else texts.page_start(reader, file.id, page)
        return texts.part_at(reader, file.id, file.characters, start)
    return texts.part(reader, file.id, file.characters, request.number("part", 0, _MOST))


def _blocks(part: texts.Part, at: tuple[int, int] | None) -> list[Block]:
    """The part's text, cut where pages begin and where the passage does."""
    first, last = at or (0, 0)
    # The first line apart: it takes the focus, and all of a long passage wouldn't fit in sight.
    second = part.text.find("\n", max(0, first - part.start)) + 1 + part.start
    starts = part.pages
    if not starts or starts[0][1] > part.start:
        starts = [(0, part.start), *starts]
    blocks = []
    for (page, start), (_, stop) in pairwise([*starts, (0, part.stop)]):
        cuts = sorted({start, stop, *(cut for cut in (first, second, last) if start < cut < stop)})
        runs = [
            (part.text[a - part.start : b - part.start], first <= a and b <= last)
            for a, b in pairwise(cuts)
        ]
        blocks.append(Block(page, runs))
    return blocks
