"""Markdown to HTML with one passage of its source marked."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import Markup

from erth_sidecar.text.markdown import LONGEST, renderer

if TYPE_CHECKING:
    from markdown_it.token import Token

# No id: htmx would restore the focus to a mark of the same id first, and then not scroll to it.
_FIRST = Markup(' tabindex="-1" autofocus')
_NOTHING = Markup("")
_OPEN = {
    "mark": Markup('<mark class="sought"{}>'),
    "section": Markup('<section class="sought"{}>'),
}
_PLAIN = Markup('<p class="plain">{}</p>')
_MARKED = Markup('<p class="plain">{}{}{}</mark>{}</p>')
_BREAKS = ("softbreak", "hardbreak")


def render(text: str, start: int, stop: int) -> Markup:
    """The HTML of a Markdown text in which the lines that `text[start:stop]` touches are marked.

    The first mark takes the focus. Of a paragraph, the lines that can be
    told apart; of a block of code or a row of a table, all of it.
    """
    body, rest = text[:LONGEST], text[LONGEST:]
    lines = body.count("\n", 0, start), body.count("\n", 0, max(start, stop - 1))
    marker = _Marker(*lines)
    tokens = renderer().parse(body)
    if start < len(body):
        tokens = marker.mark(tokens)
    html = str(renderer().renderer.render(tokens, renderer().options, {}))
    if rest:
        html += _plain(rest, start - len(body), stop - len(body))
    return Markup(html)  # noqa: S704


class _Marker:
    def __init__(self, first: int, last: int) -> None:
        self._first = first
        self._last = last
        self._attributes = _FIRST

    def mark(self, tokens: Iterable["Token"]) -> list["Token"]:
        """The tokens of a document, with marks among them."""
        marked: list[Token] = []
        for token in tokens:
            hit = token.map and token.map[0] <= self._last and token.map[1] > self._first
            if hit and token.type == "inline":
                token.children = self._inline(token)
            if hit and token.type in ("fence", "code_block"):
                marked += [
                    self._open("html_block", "section"),
                    token,
                    _raw("html_block", "</section>"),
                ]
            else:
                marked.append(token)
        return marked

    def _inline(self, token: "Token") -> list["Token"]:
        """The pieces of a paragraph, those of the wanted lines within a mark."""
        line = token.map[0] if token.map else 0
        depth, inside = 0, False
        pieces: list[Token] = []
        for child in token.children or []:
            if child.type in _BREAKS:
                line += 1
            depth += child.nesting
            # A mark that began within bold text would have to end there, too.
            apart = depth == max(0, child.nesting) and child.type not in _BREAKS
            wanted = self._first <= line <= self._last
            if apart and wanted and not inside:
                pieces.append(self._open("html_inline", "mark"))
                inside = True
            elif apart and inside and not wanted and child.nesting >= 0:
                pieces.append(_raw("html_inline", "</mark>"))
                inside = False
            pieces.append(child)
        return [*pieces, _raw("html_inline", "</mark>")] if inside else pieces

    def _open(self, kind: str, tag: str) -> "Token":
        attributes, self._attributes = self._attributes, _NOTHING
        return _raw(kind, str(_OPEN[tag].format(attributes)))


def _raw(kind: str, html: str) -> "Token":
    from markdown_it.token import Token

    return Token(kind, "", 0, content=html)


def _plain(rest: str, start: int, stop: int) -> str:
    """What is too long to be rendered, as it is."""
    start, stop = max(0, start), max(0, stop)
    if start >= stop:
        return str(_PLAIN.format(rest))
    opened = _OPEN["mark"].format(_FIRST)
    return str(_MARKED.format(rest[:start], opened, rest[start:stop], rest[stop:]))
