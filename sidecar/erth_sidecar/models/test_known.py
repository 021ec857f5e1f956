import threading
from typing import Any

import pytest

from erth_sidecar.errors import Failure
from erth_sidecar.models.cancel import Cancel, Cancelled
from erth_sidecar.models.known import Assistant, Model

READY = {"ref": "local/a.gguf", "title": "A", "state": "ready", "url": "http://127.0.0.1:1/v1"}


@pytest.fixture
def said() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def assistant(said: list[dict[str, Any]]) -> Assistant:
    return Assistant(lambda **fields: said.append(fields))


def test_the_default_and_others(assistant: Assistant) -> None:
    assert assistant.choose() is None and assistant.default == "quote"
    assistant.update({"default": "local/a.gguf", "models": [READY]})
    chosen = assistant.choose()
    assert chosen == assistant.choose("local/a.gguf") and chosen and chosen.local
    assert assistant.choose("quote") is None
    with pytest.raises(Failure) as caught:
        assistant.choose("ollama/gone")
    assert caught.value.code == "MODEL_NOT_FOUND"


@pytest.mark.parametrize(
    "given",
    [None, [], "x", {"models": 3}, {"models": [None, {}, {"ref": 1}]}, {"default": 7}],
)
def test_nonsense_is_passed_over(assistant: Assistant, given: Any) -> None:
    assistant.update(given)
    assert assistant.models() == [] and assistant.default == "quote"


def test_odd_fields_get_defaults() -> None:
    model = Model.of({"ref": "a/b/c", "context": "many", "sampling": 3, "url": None, "tools": 1})
    assert model == Model("a/b/c", "b/c", tools=True)
    assert "secret" not in repr(Model("a/b", "B", key="secret"))


def test_wanted_is_released_once_nobody_holds_it(
    assistant: Assistant, said: list[dict[str, Any]]
) -> None:
    with assistant.hold("local/a.gguf"):
        with assistant.hold("local/a.gguf"):
            assistant.spoke("local/a.gguf", 12.5)
        assert [one for one in said if "released" in one] == []
    assert said[-1] == {"event": "model", "released": "local/a.gguf", "speed": 12.5}


def test_waiting_ends_when_it_is_cancelled(assistant: Assistant) -> None:
    assistant.update({"models": [READY | {"state": "loading"}]})
    cancel = Cancel()
    threading.Timer(0.05, cancel.set).start()
    with pytest.raises(Cancelled):
        assistant.wait_ready("local/a.gguf", cancel, lambda _: None)


def test_waiting_without_news_has_an_end(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("erth_sidecar.models.known.NO_NEWS", 0.05)
    assistant.update({"models": [READY | {"state": "idle"}]})
    with pytest.raises(Failure) as caught:
        assistant.wait_ready("local/a.gguf", Cancel(), lambda _: None)
    assert caught.value.code == "MODEL_SLOW_START"


def test_a_model_that_waits_for_anothers_answer_isnt_given_up(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("erth_sidecar.models.known.NO_NEWS", 0.05)
    other = READY | {"ref": "local/b.gguf"}
    assistant.update({"models": [READY, other | {"state": "loading"}]})
    with assistant.hold("local/a.gguf"):
        news = {"models": [READY | {"state": "idle"}, other]}
        threading.Timer(0.4, assistant.update, (news,)).start()
        waited = assistant.wait_ready("local/b.gguf", Cancel(), lambda _: None)
    assert waited.state == "ready"


def test_a_failed_model_isnt_waited_for(assistant: Assistant) -> None:
    broken = READY | {"state": "failed", "code": "MODEL_REFUSED", "detail": "Unknown: x"}
    assistant.update({"models": [broken]})
    with pytest.raises(Failure) as caught:
        assistant.wait_ready("local/a.gguf", Cancel(), lambda _: None)
    assert (caught.value.code, caught.value.message) == ("MODEL_REFUSED", "Unknown: x")


def test_why_a_model_is_gone(assistant: Assistant) -> None:
    cancel = Cancel()
    assistant.update({"models": [READY]})
    assert assistant.why_gone("local/a.gguf", cancel, 0.01) is None
    for state, code in (("idle", "MODEL_UNLOADED"), ("failed", "MODEL_CRASHED")):
        assistant.update({"models": [READY | {"state": state}]})
        failure = assistant.why_gone("local/a.gguf", cancel, 0.01)
        assert failure and failure.code == code
