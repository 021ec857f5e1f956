"""What the Chat screen answers."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import libsql
import pytest

from erth_sidecar.conftest import Sidecar, make_database
from erth_sidecar.ids import now_text, uuid7

NOTE = uuid7()
MAIN = {"accept": "text/html", "hx_request": "true", "hx_target": "section#main"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def sidecar(folder: Any) -> Iterator[Sidecar]:
    with Sidecar(make_database(folder / "local_edge.db")) as running:
        running.ask("POST", "/notes", {"title": "Zoo", "body": "The zebra eats at noon."})
        yield running


def post(sidecar: Sidecar, path: str, **fields: Any) -> Any:
    status, text, _ = sidecar.ask("POST", path, fields)
    assert status in (200, 201), text
    return json.loads(text)


def get(sidecar: Sidecar, path: str) -> Any:
    return json.loads(sidecar.ask("GET", path)[1])


def page(sidecar: Sidecar, path: str, method: str = "GET", **fields: Any) -> str:
    status, text, _ = sidecar.ask(method, path, fields or None, **MAIN)
    assert status in (200, 201), text
    return text


def asked(sidecar: Sidecar, question: str, at: str = "chat") -> dict[str, str]:
    """Asks in a new thread and waits for the whole answer."""
    made = post(sidecar, f"/{at}/new", question=question)
    finished(sidecar, made["id"], made["answer_id"], at)
    return {name: str(value) for name, value in made.items()}


def finished(sidecar: Sidecar, thread: str, answer: str, at: str = "chat") -> Any:
    deadline = time.monotonic() + 10
    while (now := get(sidecar, f"/{at}/{thread}/answers/{answer}"))["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return now


def bodies(sidecar: Sidecar, thread: str, at: str = "chat") -> list[str]:
    return [it["body"] for it in get(sidecar, f"/{at}/{thread}")["messages"]]


@pytest.fixture
def stored(folder: Any, sidecar: Sidecar) -> Callable[..., tuple[str, str]]:
    """Stores a thread with an answer such as another device may have sent."""

    def store(state: str = "done", **columns: Any) -> tuple[str, str]:
        thread = post(sidecar, "/chat", title="T")["id"]
        question, answer = uuid7(), uuid7()
        given = {name: json.dumps(value) for name, value in columns.items()}
        connection = libsql.connect(str(folder / "local_edge.db"), timeout=5, isolation_level=None)
        connection.execute(
            "INSERT INTO messages (id, thread_id, role, body, created_at)"
            " VALUES (?, ?, 'user', 'Q?', ?)",
            (question, thread, now_text()),
        )
        names = "".join(f", {name}" for name in given)
        connection.execute(
            f"INSERT INTO messages (id, thread_id, role, body, state, created_at{names})"
            f" VALUES (?, ?, 'assistant', 'A.', ?, ?{', ?' * len(given)})",
            (answer, thread, state, now_text(), *given.values()),
        )
        connection.close()
        return thread, answer

    return store


def test_an_edited_question_replaces_what_follows_and_comes_back(sidecar: Sidecar) -> None:
    made = asked(sidecar, "zebra?")
    path = f"/chat/{made['id']}"
    before = bodies(sidecar, made["id"])
    edited = post(sidecar, f"{path}/edit", message=made["message_id"], question="noon?")
    finished(sidecar, made["id"], edited["answer_id"])
    assert bodies(sidecar, made["id"])[0] == "noon?"
    assert len(bodies(sidecar, made["id"])) == len(before)
    post(sidecar, f"{path}/unedit", moment=edited["moment"])
    assert bodies(sidecar, made["id"]) == before
    wrong = {"message": made["answer_id"], "question": "x"}
    assert sidecar.ask("POST", f"{path}/edit", wrong)[0] == 404


def test_a_page_is_offered_the_way_back_from_an_edit(sidecar: Sidecar) -> None:
    made = asked(sidecar, "zebra?")
    path = f"/chat/{made['id']}"
    text = page(sidecar, f"{path}/edit", "POST", message=made["message_id"], question="noon?")
    found = re.search(r"unedit\" hx-vals='(.+?)'", text)
    assert found
    text = page(sidecar, f"{path}/unedit", "POST", **json.loads(found[1]))
    assert ">zebra?</p>" in text
    assert 'hx-swap-oob="delete"' in text


def test_editing_while_an_answer_grows_keeps_what_there_is(sidecar: Sidecar) -> None:
    made = post(sidecar, "/chat/new", question="zebra?")
    path = f"/chat/{made['id']}"
    edited = post(sidecar, f"{path}/edit", message=made["message_id"], question="noon?")
    finished(sidecar, made["id"], edited["answer_id"])
    post(sidecar, f"{path}/unedit", moment=edited["moment"])
    listed = get(sidecar, path)["messages"]
    assert [it["id"] for it in listed] == [made["message_id"], made["answer_id"]]
    assert listed[1]["state"] in ("stopped", "done")


def test_an_answer_written_anew_can_be_taken_back(sidecar: Sidecar) -> None:
    made = asked(sidecar, "zebra?")
    path = f"/chat/{made['id']}"
    anew = post(sidecar, f"{path}/answers/{made['answer_id']}/regenerate")
    finished(sidecar, made["id"], anew["answer_id"])
    assert [it["id"] for it in get(sidecar, path)["messages"]][1] == anew["answer_id"]
    post(sidecar, f"{path}/unedit", moment=anew["moment"])
    assert [it["id"] for it in get(sidecar, path)["messages"]][1] == made["answer_id"]


def test_a_message_is_deleted_and_brought_back(sidecar: Sidecar) -> None:
    made = asked(sidecar, "zebra?")
    path = f"/chat/{made['id']}/messages/{made['answer_id']}"
    assert "Undo" in page(sidecar, f"{path}/delete", "POST")
    assert bodies(sidecar, made["id"]) == ["zebra?"]
    status, text, headers = sidecar.ask("POST", f"{path}/restore", {}, **MAIN)
    assert (status, "data-at" in text) == (200, True)
    assert headers["hx-push-url"] == f"chat/{made['id']}?at={made['answer_id']}"
    assert sidecar.ask("POST", f"{path}/restore", {})[0] == 404


def test_a_question_without_an_answer_gets_one(sidecar: Sidecar) -> None:
    made = asked(sidecar, "zebra?")
    path = f"/chat/{made['id']}/messages/{made['message_id']}/answer"
    assert sidecar.ask("POST", path, {})[0] == 404, "it has one"
    post(sidecar, f"/chat/{made['id']}/messages/{made['answer_id']}/delete")
    assert "Answer this" in page(sidecar, f"/chat/{made['id']}")
    answer_id = post(sidecar, path)["answer_id"]
    assert finished(sidecar, made["id"], answer_id)["state"] == "done"
    assert "Answer this" not in page(sidecar, f"/chat/{made['id']}")


def test_stars_and_settings(sidecar: Sidecar) -> None:
    thread = post(sidecar, "/chat", title="Starred one")["id"]
    post(sidecar, "/chat", title="Later one")
    assert post(sidecar, f"/chat/{thread}/star", starred=1)["starred"] is True
    assert get(sidecar, "/chat")["threads"][0]["id"] == thread
    assert 'aria-pressed="true"' in page(sidecar, f"/chat/{thread}")
    settled = post(sidecar, f"/chat/{thread}/settings", system="Be brief.", overflow="trim")
    assert (settled["system"], settled["overflow"], settled["model"]) == ("Be brief.", "trim", None)
    for wrong, status in (({"overflow": "x"}, 400), ({"model": "local/none"}, 404)):
        assert sidecar.ask("POST", f"/chat/{thread}/settings", wrong)[0] == status
    assert sidecar.ask("POST", f"/chat/{thread}/star", {"starred": "x"})[0] == 400


def test_what_an_answer_did_and_cost_is_shown(sidecar: Sidecar, stored: Any) -> None:
    action = {"id": "x1", "tool": "create_note", "arguments": {}, "summary": "Made “Milk”"}
    did = [
        {**action, "state": "done", "note_id": NOTE, "undo": {"note_id": NOTE}},
        {**action, "id": "x2", "state": "refused"},
        {**action, "id": "../../../notes/x/delete", "state": "done", "undo": {}},
        {**action, "id": "x3", "state": "done", "note_id": "../shell/stop"},
    ]
    stats = {"model": "local/a.gguf", "title": "Tiny", "tokens": 1240, "seconds": 31.0}
    thread, answer = stored(actions=did, stats=stats)
    text = page(sidecar, f"/chat/{thread}")
    assert "Tiny · 1\u202f240 tokens · 40 tokens/s" in text
    assert f"{thread}/answers/{answer}/actions/x1/undo" in text
    assert f'href="notes/{NOTE}"' in text
    assert "x/delete" not in text
    assert "shell/stop" not in text
    assert "actions/x2/undo" not in text
    assert "Not allowed." in text
    shown = get(sidecar, f"/chat/{thread}")["messages"][1]["actions"]
    assert [it.get("undo") for it in shown] == [None] * 3, "undo's data is nobody else's"


@pytest.mark.parametrize(
    ("state", "stats", "said"),
    [
        ("failed", {"code": "MODEL_NOT_FOUND", "model": "local/b"}, "There is no such model here."),
        ("failed", {"code": "MODEL_CRASHED", "model": "local/a"}, "stopped unexpectedly"),
        ("failed", {"code": "ENDPOINT_UNREACHABLE"}, "The model server can&#39;t be reached."),
        ("failed", {}, "This answer broke off."),
        ("stopped", {}, "You stopped this answer."),
        ("failed", {"code": "NO_SUCH_CODE"}, "Something went wrong inside Erth."),
    ],
)
def test_why_an_answer_broke_off(
    sidecar: Sidecar, stored: Any, state: str, stats: dict[str, str], said: str
) -> None:
    thread, _ = stored(state, stats=stats)
    text = page(sidecar, f"/chat/{thread}")
    assert said in text
    assert ("Load the model" in text) == (stats.get("model") == "local/a")
    assert ("Try again" in text) == bool(stats.get("code"))


def test_a_citation_from_elsewhere_leads_nowhere_else(sidecar: Sidecar, stored: Any) -> None:
    cited = {"note_id": "n", "title": "T", "passage": "<b>", "start": 0, "end": 1}
    thread, _ = stored(citations=[{**cited, "link": "https://example.org/"}, {**cited, "link": 7}])
    text = page(sidecar, f"/chat/{thread}")
    assert "example.org" not in text
    assert 'href="notes/n?view=read"' in text
    assert "&lt;b&gt;" in text


def test_a_refresh_sends_only_news(sidecar: Sidecar) -> None:
    made = asked(sidecar, "zebra?")
    text = page(sidecar, f"/chat/{made['id']}")
    shown = re.search(r'name="shown" id="[^"]+" value="(\w+)"', text)
    since = re.search(r'hx-get="(chat/[^"]+since=[^"]+)"', text)
    assert shown
    assert since
    path = f"/{since[1]}&shown={shown[1]}"
    target = {**MAIN, "hx_target": f"div#log-{made['id']}"}
    assert sidecar.ask("GET", path, **target)[0] == 204
    post(sidecar, f"/chat/{made['id']}/star", starred=1)
    status, text, _ = sidecar.ask("GET", path, **target)
    assert (status, "hx-swap-oob" in text) == (200, True)


def test_what_was_said_is_found(sidecar: Sidecar) -> None:
    made = asked(sidecar, "Do quaggas graze?")
    hits = get(sidecar, "/chat/search?q=quagga")["messages"]
    assert made["message_id"] in [hit["id"] for hit in hits]
    text = page(sidecar, f"/chat/{made['id']}/search?q=graze")
    assert f"chat/{made['id']}?at={made['message_id']}" in text
    assert "<mark>graze</mark>" in text
    assert get(sidecar, "/find?q=quaggas")["messages"]
    listed = sidecar.ask("GET", "/chat?q=quaggas", **{**MAIN, "hx_target": "div#threads"})[1]
    assert f"?at={made['message_id']}" in listed


def test_a_thread_goes_out_as_a_file_and_comes_in(sidecar: Sidecar) -> None:
    made = asked(sidecar, "zebra?")
    status, text, headers = sidecar.ask("GET", f"/chat/{made['id']}.md")
    assert (status, headers["content-type"]) == (200, "text/markdown; charset=utf-8")
    assert "zebra.md" in headers["content-disposition"]
    assert "zebra eats at noon" in text
    whole = sidecar.ask("GET", f"/chat/{made['id']}.json")[1]
    id_ = post(sidecar, "/chat/import", **json.loads(whole))["id"]
    assert bodies(sidecar, id_) == bodies(sidecar, made["id"])
    assert "zebra eats" in page(sidecar, "/chat/import", "POST", file=whole)
    count = len(get(sidecar, "/chat")["threads"])
    bad = json.loads(whole) | {"version": 9}
    status, text, _ = sidecar.ask("POST", "/chat/import", bad)
    assert (status, json.loads(text)["error"]["code"]) == (422, "IMPORT_UNREADABLE")
    assert len(get(sidecar, "/chat")["threads"]) == count
    assert sidecar.ask("GET", "/chat/none.md")[0] == 404


def test_an_answer_from_elsewhere_leads_nowhere_else(
    sidecar: Sidecar, stored: Callable[..., tuple[str, str]]
) -> None:
    action = {"id": "../../../../shell/x?", "state": "done", "undo": {"note_id": NOTE}}
    thread, answer = stored(actions=[action, {"state": "done"}], citations=[{"title": "T"}])
    for path in (f"/chat/{thread}", f"/chat/{thread}/answers/{answer}"):
        text = page(sidecar, path)
        assert "A." in text and "shell/x" not in text
