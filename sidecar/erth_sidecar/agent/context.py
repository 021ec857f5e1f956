"""How much of a model's context a conversation takes, and how to make it fit."""

import json
import math
import re
from dataclasses import dataclass

from erth_sidecar.agent.prompt import Prompt
from erth_sidecar.models.cancel import Cancel
from erth_sidecar.models.faults import Broken, ContextFull
from erth_sidecar.models.known import Assistant, Model
from erth_sidecar.store.database import Reader

ASSUMED = 8192
"""Tokens of a context that nobody told; only passages are measured against it."""
LEAST_FOR_TOOLS = 3000
"""Tokens of a context below which the tools' own description would crowd out everything else."""
_PER_MESSAGE = 12
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_CARE = 1.25
"""How far a guess may be off."""
_FAR = 3
"""Times the context that a conversation must take to be cut by estimate."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a conversation takes of the context; `limit` is None if nobody knows."""

    tokens: int
    limit: int | None
    exact: bool
    """Whether most of it was counted by the model itself."""


def estimate(text: str) -> int:
    """Tokens of a text, without the model: a character of Chinese or Japanese is about one, of
    other writing about a quarter."""
    wide = len(_WIDE.findall(text))
    return wide + math.ceil((len(text) - wide) / 3.8)


def reserve(limit: int) -> int:
    """Tokens kept free for the answer."""
    return min(1024, limit // 4)


class Counter:
    """Counts a model's tokens: by llama.cpp itself where it matters, else by experience."""

    def __init__(self, model: Model, assistant: Assistant, cancel: Cancel) -> None:
        self._model = model
        self._assistant = assistant
        self._cancel = cancel

    def guess(self, text: str) -> int:
        """Tokens by estimate, and by what this model made of estimates before."""
        return math.ceil(estimate(text) * (self._assistant.ratio(self._model.ref) or 1.0))

    def most(self, text: str) -> int:
        """Tokens that a text hardly exceeds; before any experience, as many as it has bytes."""
        if self._assistant.ratio(self._model.ref) is None:
            return len(text.encode())
        return math.ceil(self.guess(text) * _CARE)

    def count(self, text: str) -> int:
        """Tokens of a text, exact if the model can be asked."""
        tokens = counted(self._model, text, self._cancel) if self._model.local else None
        if tokens is None:
            return self.guess(text)
        self.learn(text, tokens)
        return tokens

    def learn(self, text: str, tokens: int) -> None:
        """Takes down what a text really took."""
        self._assistant.ratio(self._model.ref, tokens / max(1, estimate(text)))


def counted(model: Model, text: str, cancel: Cancel) -> int | None:
    """Tokens by llama.cpp's own count (`POST /tokenize`); None if it can't be had."""
    # Imported at first use: with TLS, which nobody needs here, it takes 5 MB.
    from erth_sidecar.models.http_client import Deadlines, post

    quick = Deadlines(connect=2.0, first=10.0, between=5.0, whole=20.0)
    root = model.url.removesuffix("/v1")
    # It would take marks of a chat template for single tokens only with parse_special.
    asked = json.dumps({"content": text, "parse_special": True}).encode()
    try:
        with post(f"{root}/tokenize", model.key, asked, cancel, quick) as response:
            if response.status != 200:  # noqa: PLR2004 - HTTP's
                return None
            tokens = json.loads(response.whole(64_000_000)).get("tokens")
    except (Broken, ValueError, AttributeError):
        return None
    return len(tokens) if isinstance(tokens, list) else None


def fit(prompt: Prompt, limit: int | None, overflow: str, counter: Counter) -> int:
    """Takes out of a prompt what doesn't fit; the tokens it has then.

    Passages go first, the least likely before the others. Then, if `overflow` is `trim`, the
    oldest turns. Raises ContextFull.
    """
    room = (limit or ASSUMED) - reserve(limit or ASSUMED)
    if limit is not None:
        _first_cut(prompt, limit, overflow)
    while (tokens := _tokens(prompt, room, counter)) > room and prompt.passages:
        excess = tokens - room
        while excess > 0 and prompt.passages:
            excess -= counter.guess(prompt.passages.pop().text)
    if limit is None or tokens <= room:
        return tokens
    if overflow != "trim":
        raise ContextFull(tokens, limit)
    while tokens > room and prompt.turns:
        excess, count = tokens - room, 0
        while excess > 0 and count < len(prompt.turns):
            excess -= counter.guess(prompt.turns[count].body) + _PER_MESSAGE
            count += 1
        _drop(prompt, count)
        tokens = _tokens(prompt, room, counter)
    if tokens > room:
        raise ContextFull(tokens, limit)
    return tokens


def measure(reader: Reader, model: Model | None, thread_id: str, draft: str = "") -> Measure:
    """What a thread takes of its model's context, with a question under way; an estimate.

    It rests on what the last answer took, if that is known.
    """
    limit = model.context if model else None
    rows = reader.rows(
        "SELECT id, stats FROM messages WHERE thread_id = ? AND role = 'assistant'"
        " AND deleted_at IS NULL ORDER BY id DESC LIMIT 1",
        (thread_id,),
    )
    stats = _object(rows[0][1]) if rows else {}
    base, since, exact = 0, "", False
    asked, answered = stats.get("prompt_tokens"), stats.get("tokens")
    if model and stats.get("model") == model.ref and isinstance(asked, int):
        base = asked + (answered if isinstance(answered, int) else 0)
        since, exact = rows[0][0], True
    characters, count = reader.rows(
        "SELECT coalesce(sum(length(body)), 0), count(*) FROM messages"
        " WHERE thread_id = ? AND id > ? AND deleted_at IS NULL",
        (thread_id, since),
    )[0]
    tokens = base + math.ceil(characters / 3.8) + count * _PER_MESSAGE + estimate(draft)
    return Measure(tokens, limit, exact)


def _tokens(prompt: Prompt, room: int, counter: Counter) -> int:
    """Tokens of a prompt, counted only if it might not fit."""
    text = prompt.text()
    marks = (len(prompt.turns) + len(prompt.actions) + 3) * _PER_MESSAGE
    if counter.most(text) + marks <= room:
        return counter.guess(text) + marks
    return counter.count(text) + marks


def _first_cut(prompt: Prompt, limit: int, overflow: str) -> None:
    """Spares counting what is many times too long, as a conversation of years is."""
    said = [estimate(turn.body) + _PER_MESSAGE for turn in prompt.turns]
    if sum(said) <= limit * _FAR:
        return
    if overflow != "trim":
        raise ContextFull(sum(said), limit)
    excess = sum(said) - limit * _FAR
    count = 0
    while excess > 0:
        excess -= said[count]
        count += 1
    _drop(prompt, count)


def _drop(prompt: Prompt, count: int) -> None:
    del prompt.turns[:count]
    # A conversation begins with a question.
    while prompt.turns and prompt.turns[0].role != "user":
        del prompt.turns[0]


def _object(stored: str) -> dict[str, object]:
    try:
        given = json.loads(stored)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
