"""How one answer is written: by quoting, or by a model that may use tools."""

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from erth_sidecar.agent import actions, context
from erth_sidecar.agent.actions import ASKING
from erth_sidecar.agent.live import Live, Parked, Workspace
from erth_sidecar.agent.prompt import DEFAULT_SYSTEM, Prompt
from erth_sidecar.agent.tools import TOOLS, Reading
from erth_sidecar.chat import answers
from erth_sidecar.chat.answers import Progress
from erth_sidecar.chat.engines import Ended, Phase, Turn
from erth_sidecar.errors import Failure
from erth_sidecar.models.faults import ContextFull, Refused
from erth_sidecar.models.known import QUOTE, Model
from erth_sidecar.retrieval import find

log = logging.getLogger(__name__)

ROUNDS = 8
"""Times in one answer that a model may use tools."""
WAITING = "Waiting for your permission"
_RESULT = 24_000
"""Characters that a tool may return at most."""


def write(workspace: Workspace, live: Live, stored: Progress) -> str:
    """Writes an answer to its end; the state it ends in.

    What it comes to is on the board. Raises Cancelled, Parked, or Failure: then the answer ends
    as failed with that code.
    """
    turns = answers.conversation(workspace.store, live.thread_id, stored.question_id)
    if stored.engine == QUOTE:
        return _quote(workspace, live, turns)
    return _Answer(workspace, live, stored, turns).write()


def _quote(workspace: Workspace, live: Live, turns: Sequence[Turn]) -> str:
    _retrieve(workspace, live, turns)
    text = ""
    with closing(workspace.engine.chat(turns, live.passages)) as pieces:
        for piece in pieces:
            live.cancel.check()
            text += piece
            workspace.board.grow(live, text)
    workspace.board.grow(live, text, whole=True)
    return "done"


def _retrieve(workspace: Workspace, live: Live, turns: Sequence[Turn]) -> None:
    """Finds passages; what was found before a restart stays, so the answer goes on as it began."""
    if not live.passages and workspace.retrieves and turns:
        question = turns[-1].body
        live.passages = find.find(workspace.knowledge, question, live.thread_id)


class _Answer:
    """A model's answer under way."""

    def __init__(
        self, workspace: Workspace, live: Live, stored: Progress, turns: Sequence[Turn]
    ) -> None:
        self._workspace = workspace
        self._live = live
        self._ref = stored.engine
        self._turns = turns
        self._limit: int | None = None
        self._seconds = 0.0
        self._since = 0.0

    def write(self) -> str:
        workspace, live = self._workspace, self._live
        self._perform_allowed()
        model = workspace.assistant.choose(self._ref)
        if model is None:
            raise Failure("MODEL_NOT_FOUND")
        self._check_resumable(model)
        _retrieve(workspace, live, self._turns)
        with workspace.assistant.hold(model.ref):
            model = workspace.assistant.wait_ready(model.ref, live.cancel, self._loading(model))
            workspace.board.note(live, phase=None, title=model.title, context=model.context)
            while True:
                end = self._turn(model)
                if not end.calls:
                    break
                self._act(model, end)
                self._perform_allowed()
            if live.stats.get("rate"):
                workspace.assistant.spoke(model.ref, live.stats["rate"])
        if end.reason == "length":
            workspace.board.note(live, code="ANSWER_CUT")
        elif not live.body.strip():
            workspace.board.note(live, code="ANSWER_EMPTY")
        return "done"

    def _check_resumable(self, model: Model) -> None:
        """Only our own model process goes on in the middle of a sentence."""
        if self._spoken() and not model.local:
            raise Failure("ANSWER_INTERRUPTED")

    def _spoken(self) -> bool:
        """Whether there is text since the last use of tools."""
        at = max((int(action.get("at", 0)) for action in self._live.actions), default=0)
        return len(self._live.body) > at

    def _loading(self, model: Model) -> Any:
        def told(progress: float) -> None:
            percent = f" {progress:.0%}".replace("%", " %") if progress > 0 else ""
            self._workspace.board.note(self._live, phase=f"Loading {model.title} …{percent}")

        return told

    def _turn(self, model: Model) -> Ended:
        """One request to the model, and a second one if the server counts tokens differently."""
        prompt = self._prompt(model)
        try:
            return self._stream(model, prompt)
        except ContextFull as full:
            if not full.tokens or not full.limit:
                raise
            self._counter(model).learn(prompt.text(), full.tokens)
            self._limit = full.limit
            self._workspace.board.note(self._live, prompt_tokens=full.tokens, context=full.limit)
            return self._stream(model, self._prompt(model))

    def _prompt(self, model: Model) -> Prompt:
        live = self._live
        rows = self._workspace.store.rows(
            "SELECT system, overflow FROM threads WHERE id = ?", (live.thread_id,)
        )
        system, overflow = rows[0] if rows else ("", "ask")
        rounds = {action.get("round") for action in live.actions}
        limit = self._limit or model.context
        room_for_tools = limit is None or limit >= context.LEAST_FOR_TOOLS
        may_call = model.tools and room_for_tools and len(rounds) < ROUNDS
        prompt = Prompt(
            system=system or model.system or DEFAULT_SYSTEM,
            question=self._turns[-1].body if self._turns else "",
            turns=list(self._turns[:-1]),
            # What tools found stands among their results.
            passages=live.passages[: live.actions[0].get("given")]
            if live.actions
            else live.passages[:],
            tools=[tool.to_json() for tool in TOOLS.values()] if may_call else [],
            body=live.body,
            actions=live.actions,
        )
        try:
            tokens = context.fit(prompt, limit, overflow, self._counter(model))
        except ContextFull as full:
            self._workspace.board.note(live, prompt_tokens=full.tokens, context=full.limit)
            raise
        if not live.actions and not live.body:
            # Numbers have to mean what the model was told.
            live.passages = list(prompt.passages)
        self._workspace.board.note(live, prompt_tokens=tokens, context=limit)
        return prompt

    def _counter(self, model: Model) -> context.Counter:
        return context.Counter(model, self._workspace.assistant, self._live.cancel)

    def _stream(self, model: Model, prompt: Prompt) -> Ended:
        # Imported at first use: a sidecar without a model never needs it.
        from erth_sidecar.models import openai

        live, board = self._live, self._workspace.board
        text = live.body
        self._since = 0.0
        end = Ended()
        pieces = 0
        try:
            with closing(
                openai.chat(model, prompt.messages(), prompt.tools, live.cancel)
            ) as deltas:
                for delta in deltas:
                    if isinstance(delta, str):
                        self._since = self._since or time.monotonic()
                        pieces += 1
                        text += delta
                        board.grow(live, text)
                    elif isinstance(delta, Phase):
                        board.note(live, phase=delta.text or None)
                    else:
                        end = delta
        except ContextFull:
            raise
        except Failure as failure:
            raise self._why(model, failure, prompt) from failure
        finally:
            self._measure(model, prompt, end, pieces)
        return end

    def _why(self, model: Model, failure: Failure, prompt: Prompt) -> Failure:
        """A local model that can't be reached has crashed or was unloaded: the shell knows."""
        if isinstance(failure, Refused) and prompt.continues:
            # Not every chat template can go on in the middle of an answer.
            return Failure("ANSWER_INTERRUPTED")
        if not model.local or failure.code not in _GONE:
            return failure
        gone = self._workspace.assistant.why_gone(model.ref, self._live.cancel)
        return gone or Failure(
            "MODEL_CRASHED" if failure.code != "ENDPOINT_SLOW" else "MODEL_STUCK"
        )

    def _measure(self, model: Model, prompt: Prompt, end: Ended, pieces: int) -> None:
        live = self._live
        tokens = pieces if end.tokens is None else end.tokens
        if self._since:
            self._seconds += time.monotonic() - self._since
        total = int(live.stats.get("tokens") or 0) + tokens
        seconds = self._seconds
        rate = end.rate or (total / seconds if seconds > 0 and total > 1 else None)
        if end.prompt_tokens:
            self._counter(model).learn(prompt.text(), end.prompt_tokens)
        self._workspace.board.note(
            live,
            phase=None,
            prompt_tokens=end.prompt_tokens or live.stats.get("prompt_tokens"),
            tokens=total,
            seconds=round(seconds, 2),
            rate=round(rate, 1) if rate else None,
        )

    def _act(self, model: Model, end: Ended) -> None:
        """Puts what the model asks for among the answer's actions."""
        live, workspace = self._live, self._workspace
        known = {action.get("round") for action in live.actions}
        if len(known) >= ROUNDS:
            raise Failure("ANSWER_ROUNDS")
        limit = self._limit or model.context or context.ASSUMED
        room = min(_RESULT, limit * 3 // 4)
        reading = Reading(workspace.knowledge, live.thread_id, live.passages, room)
        asked = actions.request(
            end.calls,
            len(live.body),
            reading,
            lambda tool: actions.may_always(workspace.store, live.thread_id, tool),
            len(live.actions),
        )
        workspace.board.save(live)
        taken = workspace.store.write(
            lambda tx: answers.act(tx, live.thread_id, live.id, lambda had: had.extend(asked))
        )
        workspace.board.note(live, actions=taken)

    def _perform_allowed(self) -> None:
        """Does what is allowed, and parks the answer if something still asks."""
        live, workspace = self._live, self._workspace
        live.cancel.check()
        if any(action["state"] == "running" for action in live.actions):
            taken = actions.run_allowed(
                workspace.store, workspace.knowledge, live.thread_id, live.id
            )
            workspace.board.note(live, actions=taken)
        if any(action["state"] == ASKING for action in live.actions):
            workspace.board.note(live, phase=WAITING)
            workspace.board.save(live)
            workspace.store.announce("answer", live.id)
            raise Parked


_GONE = ("ENDPOINT_UNREACHABLE", "ENDPOINT_CUT", "ENDPOINT_SLOW", "ENDPOINT_GARBLED")
