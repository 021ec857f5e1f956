"""A sidecar that is killed while a model writes; the next one goes on."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from erth_sidecar.conftest import Sidecar
from erth_sidecar.models.conftest import Scripted, Talk, calls, says


def wait_for(met: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while not (found := met()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def answer(sidecar: Sidecar, asked: dict[str, str]) -> dict[str, Any]:
    path = f"/chat/{asked['id']}/answers/{asked['answer_id']}"
    found: dict[str, Any] = json.loads(sidecar.ask("GET", path)[1])
    return found


def ended(sidecar: Sidecar, asked: dict[str, str]) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        now = answer(sidecar, asked)
        return None if now["state"] == "running" else now

    found: dict[str, Any] = wait_for(there)
    return found


def test_a_local_models_answer_goes_on(database: Path, server: Scripted) -> None:
    hangs = threading.Event()

    def script(talk: Talk) -> None:
        talk.head().say("In the ", "middle ")
        hangs.set()
        talk.wait_for_the_end()

    server.scripts = [script, says("of it.")]
    fields = server.fields(ref="local/tiny.gguf")
    report = {"default": "local/tiny.gguf", "models": [fields]}
    with Sidecar(database, assistant=report) as sidecar:
        asked = json.loads(sidecar.ask("POST", "/chat/new", {"question": "Where?"})[1])
        assert hangs.wait(10)
        sidecar.say({"assistant": report})
        wait_for(lambda: answer(sidecar, asked)["body"] == "In the middle ")
        # What is shown is stored within a tenth of a second.
        wait_for(lambda: _stored(database) == "In the middle ")
    with Sidecar(database, assistant=report) as sidecar:
        done = ended(sidecar, asked)
        assert (done["state"], done["body"]) == ("done", "In the middle of it.")
    assert server.asked[1]["messages"][-1]["content"] == "In the middle "


def test_a_question_for_permission_waits_in_the_next_process(
    database: Path, server: Scripted
) -> None:
    server.scripts = [calls(("create_note", {"title": "New", "text": "x"})), says("Done.")]
    report = {"default": "scripted/model", "models": [server.fields()]}
    with Sidecar(database, assistant=report) as sidecar:
        asked = json.loads(sidecar.ask("POST", "/chat/new", {"question": "Write."})[1])
        wait_for(lambda: answer(sidecar, asked)["actions"])
    with Sidecar(database, assistant=report) as sidecar:
        action = wait_for(lambda: answer(sidecar, asked)["actions"])[0]
        assert action["state"] == "asking"
        path = f"/chat/{asked['id']}/answers/{asked['answer_id']}/actions/{action['id']}"
        assert sidecar.ask("POST", path, {"choice": "once"})[0] == 200
        done = ended(sidecar, asked)
        assert (done["state"], done["body"], done["actions"][0]["state"]) == (
            "done",
            "Done.",
            "done",
        )
        listed = json.loads(sidecar.ask("GET", "/notes")[1])
        assert [note["title"] for note in listed["notes"]] == ["New"]
        assert sidecar.ask("POST", f"{path}/undo", {})[0] == 200
        assert json.loads(sidecar.ask("GET", "/notes")[1])["total"] == 0


def _stored(database: Path) -> str:
    import libsql

    connection = libsql.connect(str(database), timeout=1, isolation_level=None)
    rows = connection.execute("SELECT body FROM answers").fetchall()
    connection.close()
    return str(rows[0][0]) if rows else ""
