"""Markdown to HTML that is safe to show."""

from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_INTERNAL = ("notes/", "chat/", "library/", "#")


def render(text: str) -> Markup:
    """The HTML of a Markdown text.

    HTML in the text is shown as it is written. Images aren't fetched: they become links. Links
    to other sites open outside and tell nothing about this one.
    """

    return Markup(_renderer().render(text))  # noqa: S704


@lru_cache(maxsize=1)
def _renderer() -> "MarkdownIt":
    # Imported at first use: it takes longer than all else a sidecar needs for its first answer.
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    markdown.enable(["table", "strikethrough"])
    markdown.add_render_rule("link_open", _link_open)
    markdown.add_render_rule("image", _image)
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


def _image(
    renderer: Any,
    tokens: Sequence["Token"],
    index: int,
    options: Any,
    env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    source = escape(str(token.attrGet("src")))
    words = escape(token.content) or source
    return f'<a href="{source}" target="_blank" rel="noopener noreferrer">{words}</a>'
