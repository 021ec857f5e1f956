"""The `openai` engine against a server that works."""

import json
import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from erth_sidecar.chat.engines import Delta, Ended, Phase
from erth_sidecar.errors import Failure
from erth_sidecar.models import openai
from erth_sidecar.models.cancel import Cancel, Cancelled
from erth_sidecar.models.conftest import Scripted, Talk
from erth_sidecar.models.http_client import Deadlines
from erth_sidecar.models.known import Model

QUICK = Deadlines(connect=1, first=0.3, between=0.3, whole=2)
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def model(server: Scripted, **more: Any) -> Model:
    made = Model.of(server.fields(**more))
    assert made
    return made


def ask(
    server: Scripted, *, tools: Sequence[dict[str, Any]] = (), **more: Any
) -> tuple[str, list[Delta], Failure | None]:
    """The text, all that came, and how it failed."""
    came: list[Delta] = []
    failed = None
    try:
        for delta in openai.chat(
            model(server, **more), [{"role": "user", "content": "Hi"}], tools, Cancel(), QUICK
        ):
            came.append(delta)
    except Failure as failure:
        failed = failure
    return "".join(d for d in came if isinstance(d, str)), came, failed


def end(came: list[Delta]) -> Ended:
    assert isinstance(came[-1], Ended)
    return came[-1]


def test_text_is_streamed_and_measured(server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("Grüß ", "dich").end()]
    text, came, failed = ask(server, sampling={"temperature": 0.1})
    assert (text, failed) == ("Grüß dich", None)
    assert (end(came).reason, end(came).tokens) == ("stop", 7)
    assert (end(came).prompt_tokens or 0) > 20
    asked = server.asked[0]
    assert asked["model"] == "model" and asked["stream"] is True and asked["temperature"] == 0.1
    assert asked["stream_options"] == {"include_usage": True} and "tools" not in asked
    assert server.headers[0]["authorization"] == "Bearer secret"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_stream_may_be_cut_into_any_pieces(server: Scripted, size: int) -> None:
    chunk = json.dumps({"choices": [{"delta": {"content": "Zoë 你好"}}]}, ensure_ascii=False)
    first, second = chunk[:13], chunk[13:]
    # Comments, CRLF, lone CR, an event over two lines, no space behind the colon.
    stream = (
        f": hello\r\n\r\ndata: {chunk}\r\n\r\nevent: x\rdata:{chunk}\r\r"
        f"data: {first}\ndata: {second}\n\n"
        'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    ).encode()
    # A line end between two lines of data is white space for JSON, but not inside a text.
    pieces = [stream[i : i + size] for i in range(0, len(stream), size)]

    def script(talk: Talk) -> None:
        talk.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        talk.head(transfer_encoding="chunked")
        for piece in pieces:
            talk.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        talk.send(b"0\r\n\r\n")

    server.scripts = [script]
    assert ask(server)[0] == "Zoë 你好" * 3


def test_an_end_without_done_is_an_end_if_a_reason_was_given(server: Scripted) -> None:
    server.scripts = [
        lambda talk: talk.head().chunk(
            choices=[{"delta": {"content": "All."}, "finish_reason": "stop"}]
        )
    ]
    text, came, failed = ask(server)
    assert (text, failed, end(came).reason) == ("All.", None, "stop")


def test_a_stream_that_is_cut_keeps_what_came(server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("Half ")]
    text, _, failed = ask(server)
    assert text == "Half " and failed and failed.code == "ENDPOINT_CUT"


def test_a_chunked_stream_cut_within_a_chunk(server: Scripted) -> None:
    event = b'data: {"choices":[{"delta":{"content":"Half "}}]}\n\n'
    head = f"{len(event):x}\r\n".encode()
    server.scripts = [
        lambda talk: (
            talk.head(transfer_encoding="chunked").send(head + event + b"\r\n").send(b"ff\r\nda")
        )
    ]
    text, _, failed = ask(server)
    assert text == "Half " and failed and failed.code == "ENDPOINT_CUT"


def test_a_plain_json_answer_is_taken_too(server: Scripted) -> None:
    body = {
        "choices": [{"message": {"content": "Whole."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    server.scripts = [
        lambda talk: talk.head(200, "application/json").send(json.dumps(body).encode())
    ]
    text, came, failed = ask(server)
    assert (text, failed, end(came).tokens) == ("Whole.", None, 2)


def test_tool_calls_come_in_pieces_and_several_at_once(server: Scripted) -> None:
    def script(talk: Talk) -> None:
        talk.head().call("f", {"a": "ä"}, 0).call("g", {}, 1)
        # As some servers do: the same index, another id.
        talk.call("h", {"b": 1}, 1, "other").end("tool_calls")

    server.scripts = [script]
    _, came, failed = ask(server, tools=[TOOL])
    calls = [(call.name, json.loads(call.arguments)) for call in end(came).calls]
    assert failed is None and calls == [("f", {"a": "ä"}), ("g", {}), ("h", {"b": 1})]


def test_calls_of_tools_that_werent_offered_are_nothing(server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().call("f", {}).say("Text").end()]
    _, came, _ = ask(server)
    assert end(came).calls == []


def test_a_call_written_as_text_is_text(server: Scripted) -> None:
    written = '<tool_call>{"name": "create_note", "arguments": {}}</tool_call>'
    server.scripts = [lambda talk: talk.head().say(written).end()]
    text, came, _ = ask(server, tools=[TOOL])
    assert text == written and end(came).calls == []


def test_thoughts_are_not_the_answer(server: Scripted) -> None:
    def script(talk: Talk) -> None:
        talk.head().chunk(choices=[{"delta": {"reasoning_content": "Hm."}}])
        talk.say("<th", "ink>Well", " then</thi", "nk>\n\n", "Yes <think>.").end()

    server.scripts = [script]
    text, came, _ = ask(server)
    assert text == "Yes <think>."
    assert [d.text for d in came if isinstance(d, Phase)] == ["Thinking …", ""]


def test_half_a_character_can_be_stored(server: Scripted) -> None:
    half = rb'"a\ud83d"'
    event = b'data: {"choices":[{"delta":{"content":%b},"finish_reason":"stop"}]}\n\n' % half
    refusal = b'{"error":{"message":%b}}' % half
    server.scripts = [
        lambda talk: talk.head().send(event),
        lambda talk: talk.head(404, "application/json").send(refusal),
    ]
    text, _, failed = ask(server)
    assert (text, failed) == ("a\N{REPLACEMENT CHARACTER}", None)
    failed = ask(server)[2]
    assert failed and failed.message == "a\N{REPLACEMENT CHARACTER}"


def test_cancelling_ends_the_request_at_once(server: Scripted) -> None:
    gone = threading.Event()

    def script(talk: Talk) -> None:
        talk.head().say("So ")
        talk.wait_for_the_end()
        gone.set()

    server.scripts = [script]
    cancel = Cancel()
    deltas = openai.chat(model(server), [], [], cancel)
    assert next(deltas) == "So "
    threading.Timer(0.05, cancel.set).start()
    with pytest.raises(Cancelled):
        next(deltas)
    assert gone.wait(5)


def test_closing_ends_the_request_too(server: Scripted) -> None:
    gone = threading.Event()

    def script(talk: Talk) -> None:
        talk.head().say("So ")
        talk.wait_for_the_end()
        gone.set()

    server.scripts = [script]
    deltas = openai.chat(model(server), [], [], Cancel())
    next(deltas)
    deltas.close()
    assert gone.wait(5)


def test_nothing_but_this_computer_is_asked() -> None:
    elsewhere = Model("local/x", "X", url="http://10.0.0.1:80/v1")
    with pytest.raises(ValueError, match="loopback"):
        next(openai.chat(elsewhere, [], [], Cancel()))
