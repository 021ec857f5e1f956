"""From the numbers that a model names its sources by to links and citations."""

import re
from collections.abc import Sequence
from typing import Any

from erth_sidecar.chat.engines import Passage

# Possessive and bounded: a model that loops may say a backtick ten thousand times, and Python
# lets no other thread run while it looks for an end to them.
_CODE = re.compile(
    r"^ {0,3}(?P<fence>```++|~~~++)[^\n]*+\n.*?(?:^ {0,3}(?P=fence)[^\n]*$|\Z)"
    r"|(?<!`)(?P<ticks>`++).{1,4000}?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
_NUMBERS = re.compile(
    r"(?<!\\)[\[【](\d{1,3}(?:\s*,\s*\d{1,3})*)(?:†[^】\]]{0,200})?[\]】](?![(:])"
)


def cite(body: str, passages: Sequence[Passage]) -> tuple[str, list[dict[str, Any]]]:
    """The finished text and its citations.

    `[2]` becomes a link to the passage, numbered anew in the order of appearance; only those are
    citations then, with the `"number"` that the text called them until now. If the text names none,
    all that the model was given are, marked `"cited": false`. Code stays as it is.
    """
    order: list[int] = []

    def linked(found: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", found[1])]
        if any(not 1 <= number <= len(passages) for number in numbers):
            return found[0]
        links = []
        for number in numbers:
            if number not in order:
                order.append(number)
            links.append(f"[\\[{order.index(number) + 1}\\]]({passages[number - 1].link})")
        return "".join(links)

    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(body):
        parts += (_NUMBERS.sub(linked, body[end : code.start()]), code[0])
        end = code.end()
    parts.append(_NUMBERS.sub(linked, body[end:]))
    if not order:
        return body, [passage.to_json() | {"cited": False} for passage in passages]
    return "".join(parts), [passages[number - 1].to_json() | {"number": number} for number in order]
