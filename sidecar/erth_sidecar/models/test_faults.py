"""The `openai` engine against a server that misbehaves."""

import threading
from typing import Any

import pytest

from erth_sidecar.chat.engines import Phase
from erth_sidecar.models import faults, openai
from erth_sidecar.models.conftest import Scripted, Talk
from erth_sidecar.models.test_openai import TOOL, ask


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, {"message": "Incorrect API key"}, "ENDPOINT_AUTH"),
        (403, {"message": "no"}, "ENDPOINT_AUTH"),
        (404, {"message": "model 'x' not found"}, "ENDPOINT_MODEL"),
        (500, {"message": "boom"}, "ENDPOINT_FAILED"),
        (502, "bad gateway", "ENDPOINT_FAILED"),
        (504, {"message": "late"}, "ENDPOINT_SLOW"),
    ],
)
def test_refusals_are_told_apart(server: Scripted, status: int, error: Any, code: str) -> None:
    server.scripts = [lambda talk: talk.refuse(status, error)]
    _, _, failed = ask(server)
    assert failed and failed.code == code
    assert failed.message == (error if isinstance(error, str) else error["message"])


def test_what_our_relay_says_is_passed_on(server: Scripted) -> None:
    server.scripts = [
        lambda talk: talk.refuse(502, {"message": "No answer."}, x_erth_code="ENDPOINT_UNREACHABLE")
    ]
    _, _, failed = ask(server)
    assert failed and (failed.code, failed.message) == ("ENDPOINT_UNREACHABLE", "No answer.")


@pytest.mark.parametrize(
    "error",
    [
        {"type": "exceed_context_size_error", "n_prompt_tokens": 6052, "n_ctx": 512, "message": ""},
        {
            "code": "context_length_exceeded",
            "message": "This model's maximum context length is 512 tokens. However, your messages"
            " resulted in 6052 tokens.",
        },
    ],
)
def test_a_full_context_comes_with_numbers(server: Scripted, error: dict[str, Any]) -> None:
    server.scripts = [lambda talk: talk.refuse(400, error)]
    _, _, failed = ask(server)
    assert isinstance(failed, faults.ContextFull)
    assert (failed.code, failed.tokens, failed.limit) == ("CONTEXT_FULL", 6052, 512)


def test_a_page_instead_of_an_answer(server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head(200, "text/html").send(b"<html>")]
    _, _, failed = ask(server)
    assert failed and failed.code == "ENDPOINT_FOREIGN"


@pytest.mark.parametrize("data", [b"{half", b"[]", b'"text"', b'{"foo": 1}', b"[" * 100_000])
def test_wrong_json(server: Scripted, data: bytes) -> None:
    server.scripts = [lambda talk: talk.head().say("So ").send(b"data: " + data + b"\n\n")]
    text, _, failed = ask(server)
    assert text == "So " and failed and failed.code == "ENDPOINT_GARBLED"


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [{"delta": {"content": 7}}]},
        {"choices": [{"delta": None}]},
        {"choices": ["x", None]},
        {"choices": [{"delta": {"tool_calls": [None, {"function": 3}]}}], "usage": 4},
    ],
)
def test_odd_fields_are_passed_over(server: Scripted, chunk: dict[str, Any]) -> None:
    server.scripts = [lambda talk: talk.head().chunk(**chunk).say("Fine").end()]
    text, _, failed = ask(server, tools=[TOOL])
    assert (text, failed) == ("Fine", None)


def test_an_error_within_the_stream(server: Scripted) -> None:
    server.scripts = [lambda talk: talk.head().say("So ").chunk(error={"message": "GPU"})]
    text, _, failed = ask(server)
    assert text == "So " and failed and (failed.code, failed.message) == ("ENDPOINT_FAILED", "GPU")


def test_nobody_listens() -> None:
    server = Scripted()
    server.close()
    _, _, failed = ask(server)
    assert failed and failed.code == "ENDPOINT_UNREACHABLE"


@pytest.mark.parametrize("part", ["nothing", "head", "text", "drip"])
def test_silence_has_an_end(server: Scripted, part: str) -> None:
    def script(talk: Talk) -> None:
        if part == "drip":
            # Each byte is in time, the whole isn't.
            for letter in b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 100:
                talk.send(bytes([letter]))
                if stop.wait(0.02):
                    return
        if part in ("head", "text"):
            talk.head()
        if part == "text":
            talk.say("So ")
        talk.wait_for_the_end()

    stop = threading.Event()
    server.scripts = [script]
    text, _, failed = ask(server)
    stop.set()
    assert failed and failed.code == "ENDPOINT_SLOW"
    assert text == ("So " if part == "text" else "")


def test_an_endless_answer_is_cut(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "MOST_TEXT", 10_000)

    def script(talk: Talk) -> None:
        talk.head()
        while True:
            talk.say("again and " * 20)

    server.scripts = [script]
    text, _, failed = ask(server)
    assert failed and failed.code == "ANSWER_TOO_LONG" and 9_000 < len(text) <= 10_000


def test_endless_silence_with_signs_of_life_is_cut(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "MOST_BYTES", 100_000)

    def script(talk: Talk) -> None:
        talk.head()
        while True:
            talk.send(b": still here\n\n" * 100)

    server.scripts = [script]
    _, _, failed = ask(server)
    assert failed and failed.code == "ANSWER_TOO_LONG"


def test_a_line_without_end_is_cut(server: Scripted) -> None:
    def script(talk: Talk) -> None:
        talk.head().send(b"data: ")
        while True:
            talk.send(b"x" * 65536)

    server.scripts = [script]
    _, _, failed = ask(server)
    assert failed and failed.code == "ENDPOINT_GARBLED"


def test_a_busy_server_is_asked_again(server: Scripted) -> None:
    server.scripts = [
        lambda talk: talk.refuse(429, {"message": "slow down"}, retry_after="0"),
        lambda talk: talk.head().say("Now.").end(),
    ]
    text, came, failed = ask(server)
    assert (text, failed) == ("Now.", None)
    assert isinstance(came[0], Phase) and "busy" in came[0].text
    assert isinstance(came[1], Phase) and came[1].text == ""


def test_a_server_that_stays_busy_is_left_alone(server: Scripted) -> None:
    server.scripts = [lambda talk: talk.refuse(429, {"message": "no"}, retry_after="0")]
    _, _, failed = ask(server)
    assert failed and failed.code == "ENDPOINT_BUSY"
    assert len(server.asked) == 1 + openai.WAITS


def test_a_long_wait_is_told_instead_of_waited(server: Scripted) -> None:
    server.scripts = [lambda talk: talk.refuse(429, {"message": "no"}, retry_after="3600")]
    _, _, failed = ask(server)
    assert failed and failed.code == "ENDPOINT_BUSY" and "60 minutes" in (failed.message or "")
    assert len(server.asked) == 1


def test_tools_are_left_out_for_a_server_that_refuses_them(server: Scripted) -> None:
    server.scripts = [
        lambda talk: talk.refuse(400, {"message": "x does not support tools"}),
        lambda talk: talk.head().say("Without.").end(),
    ]
    assert ask(server, tools=[TOOL])[0] == "Without."
    assert "tools" in server.asked[0] and "tools" not in server.asked[1]
