"""The engine behind any OpenAI-compatible server (POST chat/completions, streamed)."""

import json
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from erth_sidecar.chat.engines import Call, Delta, Ended, Phase
from erth_sidecar.errors import Failure
from erth_sidecar.models import faults
from erth_sidecar.models.cancel import Cancel
from erth_sidecar.models.faults import Broken
from erth_sidecar.models.http_client import Deadlines, Response, post
from erth_sidecar.models.known import Model
from erth_sidecar.models.sse import Events, said
from erth_sidecar.models.thinking import Thinking

MOST_TEXT = 400_000
"""Characters of an answer."""
MOST_BYTES = 64_000_000
"""Bytes that an answer comes in."""
MOST_CALLS = 16
MOST_ARGUMENTS = 300_000
"""Characters of the arguments of all tool calls of a turn."""
WAITS = 2
"""Times that a server which is busy is asked again."""
LONGEST_WAIT = 30.0
"""Seconds to wait for it; if it wants more, the answer ends and says so."""
_UNSAID = 5.0
# Our own process is watched by the shell, reads long prompts slowly, and may have others to serve.
_OWN = Deadlines(first=3600.0, between=900.0, whole=21_600.0)

Message = dict[str, Any]


def chat(
    model: Model,
    messages: Sequence[Message],
    tools: Sequence[Message],
    cancel: Cancel,
    deadlines: Deadlines | None = None,
) -> Generator[Delta, None, None]:
    """Streams a model's turn; closing the generator or `cancel` ends the request at once.

    Raises Failure of the catalogue (`ContextFull` with numbers), or Cancelled. What was yielded
    before it is worth keeping.
    """
    variants = _variants(model, messages, tools)
    waits = 0
    while True:
        refused: Failure | None = None
        try:
            with post(
                f"{model.url}/chat/completions",
                model.key,
                json.dumps(variants[0], ensure_ascii=False).encode(),
                cancel,
                deadlines or (_OWN if model.local else None),
            ) as response:
                if response.status == 200:  # noqa: PLR2004 - HTTP's
                    yield from _Turn(bool(variants[0].get("tools"))).read(response)
                    return
                refused = _refused(response)
        except Broken as broken:
            raise faults.of_connection(broken) from broken
        if len(variants) > 1 and _about_the_form(refused):
            variants.pop(0)
            continue
        wait = _patience(refused, waits)
        yield Phase(f"The model server is busy. Asking again in {wait:.0f} s …")
        cancel.wait(wait)
        yield Phase("")
        waits += 1


def _variants(
    model: Model, messages: Sequence[Message], tools: Sequence[Message]
) -> list[dict[str, Any]]:
    """The request, and plainer forms of it for servers that know less."""
    plain = {"model": model.name, "messages": list(messages), "stream": True} | model.sampling
    measured = plain | {"stream_options": {"include_usage": True}}
    if model.local:
        measured["return_progress"] = True
    forms = [measured, plain]
    return [measured | {"tools": list(tools)}, *forms] if tools else forms


def _refused(response: Response) -> Failure:
    ours = response.header("x-erth-code")
    return faults.of_answer(
        response.status, response.whole(100_000), ours, response.header("retry-after")
    )


def _about_the_form(refused: Failure) -> bool:
    """Whether a plainer request may do: servers name the field they don't know in many ways."""
    if not isinstance(refused, faults.Refused):
        return False
    says_tools = "tool" in (refused.message or "").lower()
    return refused.status in (400, 422) or (says_tools and refused.status in (404, 500, 501))


def _patience(refused: Failure, waits: int) -> float:
    """Seconds until it is worth asking again. Raises the failure if it isn't."""
    if not isinstance(refused, faults.Refused) or refused.code != "ENDPOINT_BUSY":
        raise refused
    wait = _UNSAID if refused.retry_after is None else max(refused.retry_after, 0.2)
    if wait > LONGEST_WAIT:
        raise Failure("ENDPOINT_BUSY", f"It asks to be left alone for {_spell(wait)}.")
    if waits >= WAITS:
        raise refused
    return wait


def _spell(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} seconds"
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004


class _Turn:
    """One answer of the server, read to its end."""

    def __init__(self, may_call: bool) -> None:
        self._may_call = may_call
        self._thinking = Thinking()
        self._calls: list[dict[str, str]] = []
        self._ended = Ended()
        self._size = 0
        self._phase = ""
        self._done = False

    def read(self, response: Response) -> Iterator[Delta]:
        kind = response.header("content-type").partition(";")[0].strip().lower()
        if kind == "application/json":
            yield from self._event(response.whole(MOST_TEXT * 4).decode("utf-8", "replace"))
        elif kind == "text/event-stream":
            yield from self._stream(response)
        else:
            raise Failure("ENDPOINT_FOREIGN", f"It answered with {kind or 'no kind of text'}.")
        if rest := self._thinking.end():
            yield rest
        if not self._done and not self._ended.reason:
            raise Failure("ENDPOINT_CUT")
        self._ended.calls = [
            Call(call["id"], call["name"], call["arguments"]) for call in self._calls
        ]
        yield self._ended

    def _stream(self, response: Response) -> Iterator[Delta]:
        events = Events()
        received = 0
        try:
            for piece in response.pieces():
                received += len(piece)
                if received > MOST_BYTES:
                    raise Failure("ANSWER_TOO_LONG")
                for data in events.feed(piece):
                    yield from self._event(data)
                if self._done:
                    return
            for data in events.end():
                yield from self._event(data)
        except Broken:
            # A model that has said why it ended has said everything.
            if not self._ended.reason:
                raise
        except ValueError as error:
            raise Failure("ENDPOINT_GARBLED") from error

    def _event(self, data: str) -> Iterator[Delta]:
        if data.strip() == "[DONE]":
            self._done = True
            return
        try:
            chunk = said(data)
        except (ValueError, RecursionError) as error:
            raise Failure("ENDPOINT_GARBLED", f"It sent: {data[:80]!r}") from error
        if not isinstance(chunk, dict):
            raise Failure("ENDPOINT_GARBLED", f"It sent: {data[:80]!r}")
        if told := chunk.get("error"):
            raise faults.of_error(told if isinstance(told, dict) else {"message": str(told)})
        self._measures(chunk)
        progress = chunk.get("prompt_progress")
        if isinstance(progress, dict):
            yield from self._reading(progress)
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            if "usage" not in chunk and "timings" not in chunk:
                raise Failure("ENDPOINT_GARBLED", f"It sent: {data[:80]!r}")
            return
        for choice in choices[:1]:
            if isinstance(choice, dict):
                yield from self._choice(choice)

    def _choice(self, choice: dict[str, Any]) -> Iterator[Delta]:
        delta = choice.get("delta") or choice.get("message") or {}
        if isinstance(delta, dict):
            if delta.get("reasoning_content") or delta.get("reasoning"):
                yield from self._say("Thinking …")
            text = delta.get("content")
            if isinstance(text, str) and text:
                yield from self._text(text)
            calls = delta.get("tool_calls")
            if isinstance(calls, list) and self._may_call:
                yield from self._say("Choosing what to do …")
                for call in calls:
                    self._call(call)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._ended.reason = reason

    def _text(self, text: str) -> Iterator[Delta]:
        answer = self._thinking.feed(text)
        if self._thinking.going_on:
            yield from self._say("Thinking …")
        if answer:
            yield from self._say("")
            self._size += len(answer)
            if self._size > MOST_TEXT:
                raise Failure("ANSWER_TOO_LONG")
            yield answer

    def _reading(self, progress: dict[str, Any]) -> Iterator[Delta]:
        total, done = progress.get("total"), progress.get("processed")
        if isinstance(total, int) and isinstance(done, int) and 0 < done < total:
            yield from self._say(f"Reading … {done * 100 // total} %")

    def _say(self, phase: str) -> Iterator[Delta]:
        if phase != self._phase:
            self._phase = phase
            yield Phase(phase)

    def _call(self, piece: Any) -> None:
        """A piece of a call. Calls are told apart by `index`; some servers give all the same."""
        function = piece.get("function") if isinstance(piece, dict) else None
        if not isinstance(function, dict):
            return
        index, id_ = piece.get("index"), str(piece.get("id") or "")
        known = next(
            (
                call
                for call in reversed(self._calls)
                if call["index"] == str(index) and id_ in ("", call["id"])
            ),
            None,
        )
        if known is None:
            if len(self._calls) >= MOST_CALLS:
                raise Failure("ANSWER_TOO_LONG", "It wants to use too many tools at once.")
            known = {"index": str(index), "id": id_, "name": "", "arguments": ""}
            known["id"] = id_ or f"call{len(self._calls)}"
            self._calls.append(known)
        name, arguments = function.get("name"), function.get("arguments")
        if isinstance(name, str):
            known["name"] = (known["name"] + name)[:100]
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        if isinstance(arguments, str):
            self._size += len(arguments)
            known["arguments"] += arguments
            if self._size > MOST_TEXT or len(known["arguments"]) > MOST_ARGUMENTS:
                raise Failure("ANSWER_TOO_LONG")

    def _measures(self, chunk: dict[str, Any]) -> None:
        usage, timings = chunk.get("usage"), chunk.get("timings")
        if isinstance(usage, dict):
            self._ended.prompt_tokens = _number(usage.get("prompt_tokens"))
            self._ended.tokens = _number(usage.get("completion_tokens"))
        if isinstance(timings, dict):
            rate = timings.get("predicted_per_second")
            self._ended.rate = float(rate) if isinstance(rate, int | float) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
