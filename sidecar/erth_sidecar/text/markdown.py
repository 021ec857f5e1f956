"""Markdown to HTML that is safe to show."""

import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from erth_sidecar.text.icons import icon

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LONGEST = 200_000
"""Characters that are rendered (2 s for the worst of them); what follows is shown as it is."""
_KEPT = 8_000
"""Characters of a text whose HTML is worth keeping: a long thread is shown again and again."""
_INTERNAL = ("notes/", "chat/", "library/", "models", "#")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_COPY = Markup(
    '<button type="button" class="icon" data-copy="" aria-label="Copy this code">{}Copy</button>'
).format(icon("copy"))
_CODE = Markup(
    '<div class="code"><div class="top"><span>{}</span>{}</div>'
    '<pre tabindex="0" role="group" aria-label="Code"><code>{}</code></pre></div>\n'
)
_LINK = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
_PLAIN = Markup('<p class="plain">{}</p>')


def render(text: str, *, growing: bool = False) -> Markup:
    """The HTML of a Markdown text.

    HTML in the text is shown as it is written. Images aren't fetched: they become links. Links
    to other sites open outside and tell nothing about this one. A text that grows is rendered
    paragraph by paragraph, so that only its end has to be rendered anew.
    """
    text, rest = text[:LONGEST], text[LONGEST:]
    html = "".join(map(_rendered, _paragraphs(text))) if growing else _rendered(text)
    if rest:
        # As str, here and in the rules below: Markup escapes what it is added to.
        html += str(_PLAIN.format(rest))
    return Markup(html)  # noqa: S704


def _rendered(text: str) -> str:
    return _kept(text) if len(text) <= _KEPT else str(renderer().render(text))


@lru_cache(maxsize=512)
def _kept(text: str) -> str:
    return str(renderer().render(text))


def _paragraphs(text: str) -> Iterator[str]:
    """Splits after blank lines, but not within code or what belongs to a list's item."""
    lines = text.splitlines(keepends=True)
    fence, start = "", 0
    for at, line in enumerate(lines):
        apart = at > start and not lines[at - 1].strip() and line[:1] not in " \t\r\n"
        if apart and not fence:
            yield "".join(lines[start:at])
            start = at
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip("` ~\r\n"):
            fence = ""
    yield "".join(lines[start:])


@lru_cache(maxsize=1)
def renderer() -> "MarkdownIt":
    """What parses and renders; its tokens may be changed in between."""
    # Imported at first use: it takes longer than all else a sidecar needs for its first answer.
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    markdown.enable(["table", "strikethrough"])
    for name, rule in _RULES.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _link_open(
    renderer: Any,
    tokens: Sequence["Token"],
    index: int,
    options: Any,
    env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    if not str(token.attrGet("href")).startswith(_INTERNAL):
        token.attrSet("target", "_blank")
        token.attrSet("rel", "noopener noreferrer")
    return str(renderer.renderToken(tokens, index, options, env))


def _image(_renderer: Any, tokens: Sequence["Token"], index: int, *_: Any) -> str:
    token = tokens[index]
    source = str(token.attrGet("src"))
    return str(_LINK.format(source, token.content or source))


def _code(_renderer: Any, tokens: Sequence["Token"], index: int, *_: Any) -> str:
    """A block of code under its language and a button that copies it."""
    token = tokens[index]
    language = (token.info.split() or [""])[0][:24]
    return str(_CODE.format(language, _COPY, token.content))


def _table_open(*_: Any) -> str:
    return '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n'


def _table_close(*_: Any) -> str:
    return "</table></div>\n"


def _cell(
    renderer: Any,
    tokens: Sequence["Token"],
    index: int,
    options: Any,
    env: MutableMapping[str, Any],
) -> str:
    """The page's policy allows no style attribute: a column's side becomes a class."""
    token = tokens[index]
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrSet("class", style.rpartition(":")[2])
    return str(renderer.renderToken(tokens, index, options, env))


_RULES: dict[str, Callable[..., Any]] = {
    "link_open": _link_open,
    "image": _image,
    "fence": _code,
    "code_block": _code,
    "table_open": _table_open,
    "table_close": _table_close,
    "th_open": _cell,
    "td_open": _cell,
}
