"""Answers while they are written: what is shown of them, and when it is stored."""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from erth_sidecar.agent.citing import cite
from erth_sidecar.chat import answers
from erth_sidecar.chat.answers import Actions, Progress
from erth_sidecar.chat.engines import Engine, Passage
from erth_sidecar.errors import Failure
from erth_sidecar.models.cancel import Cancel
from erth_sidecar.models.known import QUOTE, Assistant
from erth_sidecar.store.database import Store

log = logging.getLogger(__name__)

SAVE_EVERY = 0.1
"""Seconds between two writes of a growing answer."""
TELL_EVERY = 0.2
"""Seconds between two words to pages that don't follow the stream; the first comes at once."""


@dataclass(slots=True)
class Live:
    """An answer that is being written now."""

    id: str
    thread_id: str
    body: str = ""
    passages: list[Passage] = field(default_factory=list)
    actions: Actions = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    cancel: Cancel = field(default_factory=Cancel)
    again: bool = False
    """Whether there is more to do, once its thread comes to an end."""
    loaded: bool = False
    """Whether it holds what the store had of it."""
    dirty: bool = False
    """Whether it has grown since it was stored."""
    untold: bool = False
    """Whether it has grown since pages were told."""
    turn: int = 0
    """A number that differs after any change beside the text."""

    @property
    def citations(self) -> list[dict[str, Any]]:
        """What the answer rests on so far."""
        return [passage.to_json() for passage in self.passages]


class Board:
    """The answers being written, for those who show them.

    The thread that writes an answer only puts text here; storing and telling is done by another
    one, so that a model is never kept waiting by the disk.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._lives: dict[str, Live] = {}
        self._keeping = False
        self.version = 0

    def get(self, id_: str) -> Live | None:
        """The answer, if it is being written now."""
        return self._lives.get(id_)

    def enter(self, live: Live) -> bool:
        """Puts an answer on the board; False if it is there: then that one goes on later."""
        with self._changed:
            if live.id in self._lives:
                self._lives[live.id].again = True
                return False
            self._lives[live.id] = live
            if not self._keeping:
                self._keeping = True
                threading.Thread(target=self._keep, name="keep", daemon=True).start()
            return True

    def leave(self, live: Live) -> bool:
        """Takes it off, unless there is more to do; whether it is off."""
        with self._changed:
            if live.again and not live.cancel.is_set():
                live.again = False
                return False
            self._lives.pop(live.id, None)
            self._notify()
        return True

    def again(self, id_: str) -> bool:
        """Has an answer's thread go on when it is done; False if it has none now."""
        with self._changed:
            live = self._lives.get(id_)
            if live is None:
                return False
            live.again = True
            return True

    def grow(self, live: Live, text: str, whole: bool = False) -> None:
        """Shows the text, but never less than what was shown before a restart."""
        with self._changed:
            first = not live.body
            if whole or len(text) > len(live.body):
                live.body = text
            self._touch(live)
            self._notify()
        if first:
            self._store.announce("answer", live.id)

    def note(self, live: Live, actions: Actions | None = None, **stats: Any) -> None:
        """Shows what is beside the text; a stat that is None goes."""
        with self._changed:
            if actions is not None:
                live.actions = actions
            kept = {
                name: value for name, value in (live.stats | stats).items() if value is not None
            }
            if actions is None and kept == live.stats:
                return
            live.stats = kept
            live.turn += 1
            self._touch(live)
            self._notify()

    def wait_beyond(self, version: int, seconds: float) -> bool:
        """Waits until something on the board changes; False if nothing did."""
        with self._changed:
            return self._changed.wait_for(lambda: self.version != version, seconds)

    def save(self, live: Live) -> bool:
        """Stores what an answer has grown to; False if it was stopped or deleted meanwhile."""
        return self._store.write(
            lambda tx: answers.grow(tx, live.id, live.body, live.citations, live.stats)
        )

    def _notify(self) -> None:
        self.version += 1
        self._changed.notify_all()

    def _keep(self) -> None:
        told: dict[str, float] = {}
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._lives or any(self._news()), 60.0)
                if not self._lives:
                    self._keeping = False
                    return
                news = list(self._news())
            for live in news:
                self._pass_on(live, told)
            time.sleep(SAVE_EVERY)
            told = {id_: at for id_, at in told.items() if id_ in self._lives}

    def _pass_on(self, live: Live, told: dict[str, float]) -> None:
        # Long answers are shown less often: each time costs all their text.
        every = TELL_EVERY * (1 + len(live.body) / 20_000)
        if live.untold and time.monotonic() - told.get(live.id, 0.0) >= every:
            told[live.id] = time.monotonic()
            live.untold = False
            self._store.announce("answer", live.id)
        if live.dirty:
            live.dirty = False
            try:
                kept = self.save(live)
            except Failure as failure:
                log.warning("A growing answer couldn't be stored: %s", failure.code)
                kept = live.dirty = True
            except ValueError as error:
                # Of a conversation in memory; this thread serves all answers and must go on.
                log.warning("A growing answer couldn't be stored: %s", type(error).__name__)
                kept = True
            if not kept:
                live.cancel.set()

    def _news(self) -> Iterator[Live]:
        return (live for live in self._lives.values() if live.dirty or live.untold)

    @staticmethod
    def _touch(live: Live) -> None:
        live.dirty = live.untold = True


class News(NamedTuple):
    """What is told of an answer that grows."""

    name: str
    data: Any
    length: int | None = None
    """Characters of the answer so far, where the news is of them."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """What writing takes. `store` has the conversation, `knowledge` the notes and files."""

    store: Store
    knowledge: Store
    assistant: Assistant
    board: Board
    engine: Engine
    """What answers without a model."""
    retrieves: bool = True


class Parked(Exception):
    """The answer goes on once a person has decided."""


def ended(live: Live | Progress, engine: str) -> tuple[str, list[dict[str, Any]]]:
    """The text and citations that an answer is kept with when it ends."""
    passages = (
        live.passages if isinstance(live, Live) else [Passage.of(one) for one in live.citations]
    )
    if engine == QUOTE:
        return live.body, [passage.to_json() for passage in passages]
    if not live.body.strip():
        return live.body, []
    return cite(live.body, passages)
