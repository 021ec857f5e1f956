"""HTML to text: blocks parted by blank lines, without what a browser doesn't show."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from erth_sidecar.parsing.parts import Part

_FEED = 65_536
"""Characters given to the parser at once."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _names(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol optgroup"
    " option p pre section summary table tbody tfoot thead title tr ul"
)
_NEAR = _names("dd dt li option tr")
"""Blocks that stand on the next line, without a blank one."""
_SILENT = _names(
    "script style template noscript svg math object iframe canvas audio video select datalist"
    " noembed noframes"
)
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")


def read(text: str) -> Iterator[Part]:
    """What a browser would show of it, as far as tags alone tell."""
    reader = _Reader()
    for at in range(0, len(text), _FEED):
        reader.feed(text[at : at + _FEED])
        yield Part(reader.take(), min(1.0, (at + _FEED) / len(text)))
    reader.close()
    yield Part(reader.take(last=True), 1.0)


class _Reader(HTMLParser):
    """Keeps no tree: however deep tags are nested, it takes the same room."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._silent = ""
        self._depth = 0
        self._plain = 0
        self._gap = 0
        self._begun = False

    def take(self, last: bool = False) -> str:
        """The text since the last call."""
        text = "".join(self._pieces)
        self._pieces = []
        return text.rstrip() if last else text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Ends the block before it, or begins something that isn't shown."""
        if self._silent:
            self._depth += tag == self._silent
            return
        if tag not in _VOID and (tag in _SILENT or any(name == "hidden" for name, _ in attrs)):
            self._silent, self._depth = tag, 1
        elif tag == "br":
            self._break(1)
        elif tag == "img":
            self.handle_data(next((f" {value} " for name, value in attrs if name == "alt"), ""))
        elif tag in ("td", "th"):
            self._cell()
        elif tag in _BLOCKS:
            self._break(1 if tag in _NEAR else 2)
            self._plain += tag == "pre"
            if tag == "li":
                self._put("- ")

    def handle_endtag(self, tag: str) -> None:
        """Ends a block, or what isn't shown."""
        if self._silent:
            self._depth -= tag == self._silent
            if not self._depth:
                self._silent = ""
        elif tag in _BLOCKS:
            self._break(1 if tag in _NEAR else 2)
            self._plain = max(0, self._plain - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        """Text, its white space as a browser shows it."""
        if self._silent or not data:
            return
        if self._plain:
            self._put(data)
            return
        words = _SPACE.sub(" ", data)
        if self._gap or not self._begun or self._ends_blank():
            words = words.lstrip()
        if words:
            self._put(words)

    def _ends_blank(self) -> bool:
        return bool(self._pieces) and self._pieces[-1][-1:] in (" ", "\n")

    def _cell(self) -> None:
        if self._begun and not self._gap:
            self._put(" | ")

    def _break(self, lines: int) -> None:
        if self._begun:
            self._gap = max(self._gap, lines)

    def _put(self, text: str) -> None:
        if self._gap:
            self._pieces.append("\n" * self._gap)
            self._gap = 0
        self._pieces.append(text)
        self._begun = True
