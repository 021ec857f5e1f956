import json
import os
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.greeting import Channel, Greeting

FIELDS = {"token": "t.secret", "origin": "http://127.0.0.1:1", "database": "/d/x", "dataDir": "/d"}


def line(**fields: Any) -> bytes:
    return json.dumps(FIELDS | fields).encode()


def test_a_greeting_is_read() -> None:
    greeting = Greeting.parse(line(logLevel="debug", errors="/e.json", synchronous="FULL"))
    assert greeting.database == "/d/x"
    assert (greeting.log_level, greeting.synchronous, greeting.errors) == (
        "DEBUG",
        "FULL",
        "/e.json",
    )


def test_a_greeting_brings_the_models_and_hides_their_keys() -> None:
    told = {"default": None, "models": [{"ref": "a/b", "key": "secret"}]}
    greeting = Greeting.parse(line(assistant=told))
    assert greeting.assistant == told
    assert "secret" not in repr(greeting)
    assert Greeting.parse(line(assistant=3)).assistant is None


@pytest.mark.parametrize(
    "bad",
    [b"", b"{", b"[]", line(token=""), line(database=3), line(synchronous="OFF")],
)
def test_anything_else_is_refused_without_quoting_it(bad: bytes) -> None:
    with pytest.raises(ValueError) as caught:
        Greeting.parse(bad)
    assert "secret" not in str(caught.value)


def test_a_greeting_hides_its_token() -> None:
    assert "secret" not in repr(Greeting.parse(line()))


def test_a_channel_writes_whole_lines() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as lines, Path(os.devnull).open("rb") as nothing:
        channel = Channel(nothing, writing)
        channel.say(event="changed", topic="notes", id="ä")
        channel.flush()
        os.close(writing)
        assert json.loads(lines.readline()) == {"event": "changed", "topic": "notes", "id": "ä"}


def test_a_shell_that_does_not_read_holds_nothing_up() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as lines, Path(os.devnull).open("rb") as nothing:
        channel = Channel(nothing, writing)
        for i in range(10_000):
            channel.say(event="changed", topic="notes", id=str(i))
        for i in range(10_000):
            assert json.loads(lines.readline())["id"] == str(i)
        channel.flush()
        os.close(writing)
