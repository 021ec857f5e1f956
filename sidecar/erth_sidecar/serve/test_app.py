"""The whole sidecar as a process, driven as the shell drives it."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.conftest import ORIGIN, TOKEN, Sidecar, make_database
from erth_sidecar.serve.security import Tokens

OTHER = "01900000-0000-7000-8000-000000000002." + "u" * 43


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    with Sidecar(make_database(tmp_path_factory.mktemp("data") / "local_edge.db")) as running:
        yield running


def code(text: str) -> str:
    return str(json.loads(text)["error"]["code"])


def test_it_greets_on_a_port_of_its_own(sidecar: Sidecar) -> None:
    assert sidecar.first["ready"] is True
    assert sidecar.first["pid"] == sidecar.process.pid
    assert sidecar.first["port"] > 1024


def test_it_listens_on_loopback_only(sidecar: Sidecar) -> None:
    with pytest.raises(OSError), socket.socket() as elsewhere:
        elsewhere.connect(("127.0.0.2", sidecar.first["port"]))


@pytest.mark.parametrize(
    "path", ["/notes", "/nowhere", "/", "/docs", "/openapi.json", "/-/alive/", "/chat/x/y/z"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_without_the_token_there_is_nothing(sidecar: Sidecar, method: str, path: str) -> None:
    if (method, path) == ("GET", "/-/alive/"):
        return
    status, text, headers = sidecar.ask(method, path, token=None, origin=ORIGIN)
    assert status == 401
    assert headers["access-control-allow-origin"] == ORIGIN
    assert method == "HEAD" or code(text) == "UNAUTHORIZED"


def test_preflights_are_answered_before_all_else(sidecar: Sidecar) -> None:
    for path in ("/notes", "/nowhere", "/"):
        status, text, headers = sidecar.ask("OPTIONS", path, token=None, origin=ORIGIN)
        assert (status, text) == (204, "")
        assert headers["access-control-allow-origin"] == ORIGIN
        assert headers["vary"] == "Origin"
        status, _, headers = sidecar.ask("OPTIONS", path, token=None, origin="http://evil.example")
        assert status == 204
        assert not [name for name in headers if name.startswith("access-control")]


def test_it_proves_that_it_lives(sidecar: Sidecar) -> None:
    status, text, _ = sidecar.ask("GET", "/-/alive?nonce=abc-1", token=None)
    assert (status, text) == (200, Tokens(TOKEN).prove("abc-1"))


def test_errors_have_one_shape_for_scripts_and_one_for_pages(sidecar: Sidecar) -> None:
    for method, path, want in (
        ("GET", "/nowhere", "NOT_FOUND"),
        ("DELETE", "/notes", "METHOD_NOT_ALLOWED"),
        ("GET", "/notes/none", "NOTE_NOT_FOUND"),
        ("GET", "/chat/none", "THREAD_NOT_FOUND"),
        ("GET", "/notes?page=x", "BAD_REQUEST"),
    ):
        assert code(sidecar.ask(method, path)[1]) == want
        _, text, headers = sidecar.ask(method, path, accept="text/html")
        assert f'data-code="{want}"' in text
        assert headers["content-type"].startswith("text/html")


def test_a_change_is_made_once_and_announced(sidecar: Sidecar) -> None:
    note = {"title": "Käse", "body": "x", "tags": ["a"]}
    status, text, _ = sidecar.ask("POST", "/notes", note, idempotency_key="once")
    id_ = json.loads(text)["id"]
    assert status == 201
    assert sidecar.hear() == {"event": "changed", "topic": "notes", "id": id_}
    status, again, headers = sidecar.ask("POST", "/notes", note, idempotency_key="once")
    assert (status, again, headers["idempotency-replayed"]) == (201, text, "true")
    other = sidecar.ask("POST", "/notes", {"title": "other"}, idempotency_key="once")
    assert (other[0], code(other[1])) == (422, "IDEMPOTENCY_MISMATCH")
    found = json.loads(sidecar.ask("GET", "/notes?q=kase")[1])
    assert [note["id"] for note in found["notes"]] == [id_]


def test_a_stale_save_is_a_conflict(sidecar: Sidecar) -> None:
    id_ = json.loads(sidecar.ask("POST", "/notes", {"title": "a", "body": "keep"})[1])["id"]
    assert sidecar.ask("POST", f"/notes/{id_}", {"title": "b"})[0] == 200
    stale = {"title": "c", "base": "2020-01-01T00:00:00.000Z"}
    status, text, _ = sidecar.ask("POST", f"/notes/{id_}", stale)
    assert (status, code(text)) == (409, "NOTE_CHANGED")
    kept = json.loads(sidecar.ask("GET", f"/notes/{id_}")[1])
    assert (kept["title"], kept["body"]) == ("b", "keep")


SCREENS = ("/notes", "/notes/list?q=a", "/notes/{note}", "/chat", "/chat/{thread}", "/find?q=n")


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize("target", ["", "main#main", "div#list", "div#threads", "div#tools"])
def test_every_screen_renders(sidecar: Sidecar, path: str, target: str) -> None:
    note = json.loads(sidecar.ask("POST", "/notes", {"title": "n", "body": "**b**"})[1])["id"]
    thread = json.loads(sidecar.ask("POST", "/chat", {"title": "t"})[1])["id"]
    where = path.format(note=note, thread=thread)
    status, text, _ = sidecar.ask("GET", where, accept="text/html", hx_target=target)
    assert status == 200, text
    assert "data-code" not in text


@pytest.mark.parametrize("target", ["", "main#main", "div#saved", "div#tools", "section#screen"])
def test_every_change_answers_a_page(sidecar: Sidecar, target: str) -> None:
    note = json.loads(sidecar.ask("POST", "/notes", {"title": "n"})[1])["id"]
    thread = json.loads(sidecar.ask("POST", "/chat", {})[1])["id"]
    for path, body in (
        ("/notes", {"title": "m"}),
        (f"/notes/{note}", {"title": "n2"}),
        (f"/notes/{note}/pin", {"pinned": 1}),
        (f"/notes/{note}/delete", {}),
        (f"/notes/{note}/restore", {}),
        ("/chat", {}),
        ("/chat/new", {"question": "n2?"}),
        (f"/chat/{thread}/messages", {"question": "n2?"}),
        (f"/chat/{thread}/rename", {"title": "t2"}),
        (f"/chat/{thread}/delete", {}),
        (f"/chat/{thread}/restore", {}),
    ):
        status, text, _ = sidecar.ask("POST", path, body, accept="text/html", hx_target=target)
        assert status in (200, 201), (path, text)


def test_an_answer_is_streamed(sidecar: Sidecar) -> None:
    sidecar.ask("POST", "/notes", {"title": "Zoo", "body": "The zebra eats at noon."})
    asked = json.loads(sidecar.ask("POST", "/chat/new", {"question": "zebra?"})[1])
    path = f"/chat/{asked['id']}/answers/{asked['answer_id']}"
    status, text, headers = sidecar.ask("GET", f"{path}/stream")
    assert status == 200
    assert headers["content-type"] == "text/event-stream"
    assert text.count("event: delta") > 5
    assert text.count("event: end") == 1
    answer = json.loads(sidecar.ask("GET", path)[1])
    assert answer["state"] == "done"
    assert "The zebra eats at noon." in answer["body"]
    known = len(answer["body"]) - 5
    rest = f"event: delta\nid: {known + 5}\ndata: {json.dumps(answer['body'][known:])}\n"
    assert sidecar.ask("GET", f"{path}/stream?after={known}")[1].startswith(rest)
    again = sidecar.ask("GET", f"{path}/stream?after=0", last_event_id=str(known))
    assert again[1].startswith(rest)
    assert [c["title"] for c in answer["citations"]] == ["Zoo"]
    page = sidecar.ask("GET", path, accept="text/html")[1]
    assert "<blockquote>" in page


def ended(process: subprocess.Popen[bytes], within: float) -> int:
    return process.wait(timeout=within)


@pytest.mark.parametrize(
    ("how", "within"),
    [
        (lambda s: s.process.stdin.close(), 1),
        (lambda s: s.say({"stop": True}), 3),
        (lambda s: s.process.send_signal(signal.SIGTERM), 3),
    ],
)
def test_it_ends_when_told(database: Path, how: Callable[[Sidecar], None], within: float) -> None:
    with Sidecar(database) as sidecar:
        how(sidecar)
        assert ended(sidecar.process, within) == 0


def test_it_leaves_ctrl_c_to_the_shell(database: Path) -> None:
    with Sidecar(database) as sidecar:
        sidecar.process.send_signal(signal.SIGINT)
        assert sidecar.ask("GET", "/notes")[0] == 200


def test_a_rotated_token_counts_at_once(database: Path) -> None:
    with Sidecar(database) as sidecar:
        sidecar.say({"token": OTHER})
        deadline = time.monotonic() + 5
        while sidecar.ask("GET", "/notes", token=OTHER)[0] != 200:
            assert time.monotonic() < deadline
        assert sidecar.ask("GET", "/notes")[0] == 200, "the one before it still counts"
        alive = sidecar.ask("GET", "/-/alive?nonce=n", token=None)[1]
        assert alive == Tokens(OTHER).prove("n")


def test_an_unknown_schema_is_fatal(database: Path, other: Callable[..., Any]) -> None:
    other("PRAGMA user_version = 99")
    with Sidecar(database) as sidecar:
        assert (sidecar.first["event"], sidecar.first["code"]) == ("fatal", "SCHEMA_UNKNOWN")
        assert ended(sidecar.process, 3) != 0


def test_a_bad_greeting_is_fatal_and_not_repeated(database: Path) -> None:
    with Sidecar(database, token="weak.but-secret") as sidecar:
        assert sidecar.first["event"] == "fatal"
        assert ended(sidecar.process, 3) != 0
        assert b"but-secret" not in sidecar.logged()
        assert "but-secret" not in json.dumps(sidecar.first)


def test_no_secret_is_logged(database: Path) -> None:
    with Sidecar(database) as sidecar:
        sidecar.ask("GET", "/notes")
        sidecar.ask("GET", "/nowhere")
        sidecar.say({"token": OTHER})
        sidecar.say({"stop": True})
        assert ended(sidecar.process, 5) == 0
        assert sidecar.process.stdout
        said = sidecar.logged() + sidecar.process.stdout.read()
        assert b"tttttttt" not in said
        assert b"uuuuuuuu" not in said


def test_an_answer_survives_a_kill(database: Path) -> None:
    with Sidecar(database) as sidecar:
        body = "The zebra eats at noon. " * 20
        sidecar.ask("POST", "/notes", {"title": "Zoo", "body": body})
        asked = json.loads(sidecar.ask("POST", "/chat/new", {"question": "zebra?"})[1])
        path = f"/chat/{asked['id']}/answers/{asked['answer_id']}"
        deadline = time.monotonic() + 5
        while not (seen := json.loads(sidecar.ask("GET", path)[1])["body"]):
            assert time.monotonic() < deadline
        sidecar.process.kill()
    with Sidecar(database) as sidecar:
        _, text, _ = sidecar.ask("GET", f"{path}/stream", last_event_id=str(len(seen)))
        end = json.loads(text.partition("event: end\ndata: ")[2])
        assert end["state"] == "done"
        rest = "".join(
            json.loads(block.partition("data: ")[2])
            for block in text.split("\n\n")
            if block.startswith("event: delta")
        )
        assert seen + rest == end["body"]
