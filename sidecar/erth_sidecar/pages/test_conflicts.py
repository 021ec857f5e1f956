"""What the pages answer where two wrote."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from erth_sidecar.conftest import Sidecar, make_database


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    with Sidecar(make_database(tmp_path_factory.mktemp("data") / "local_edge.db")) as running:
        yield running


def make(sidecar: Sidecar, **note: str) -> str:
    return str(json.loads(sidecar.ask("POST", "/notes", note)[1])["id"])


def get(sidecar: Sidecar, path: str) -> Any:
    return json.loads(sidecar.ask("GET", path)[1])


def by_page(sidecar: Sidecar, id_: str, target: str = "div#saved", **fields: str) -> str:
    """A save as the page makes it: never refused."""
    status, text, _ = sidecar.ask(
        "POST", f"/notes/{id_}", fields, accept="text/html", hx_request="true", hx_target=target
    )
    assert status == 200, text
    return text


def contested(sidecar: Sidecar) -> tuple[str, str]:
    id_ = make(sidecar, title="T", body="start")
    base = get(sidecar, f"/notes/{id_}")["version"]
    sidecar.ask("POST", f"/notes/{id_}", {"body": "theirs"})
    by_page(sidecar, id_, title="T", body="mine", tags="", base=base, shown="0")
    return id_, get(sidecar, f"/notes/{id_}")["conflicts"][0]["id"]


def test_a_page_that_saves_late_gets_the_other_version_to_see(sidecar: Sidecar) -> None:
    id_ = make(sidecar, title="T", body="start")
    base = get(sidecar, f"/notes/{id_}")["version"]
    sidecar.ask("POST", f"/notes/{id_}", {"body": "theirs"})
    fields = {"title": "T", "tags": "", "shown": "0"}
    text = by_page(sidecar, id_, body="mine", base=base, **fields)
    assert "Edited in two places" in text
    now = get(sidecar, f"/notes/{id_}")
    assert f'value="{now["version"]}"' in text
    assert [version["cells"] for version in now["conflicts"]] == [{"body": "theirs"}]
    fields["shown"] = f"0 {now['conflicts'][0]['id']}"
    text = by_page(sidecar, id_, body="mine!", base=now["version"], **fields)
    assert "Edited in two places" not in text, "it is shown already"


def test_scripts_are_still_refused(sidecar: Sidecar) -> None:
    id_ = make(sidecar, title="T", body="start")
    note = get(sidecar, f"/notes/{id_}")
    sidecar.ask("POST", f"/notes/{id_}", {"body": "theirs"})
    for base in (note["version"], note["updated_at"]):
        assert sidecar.ask("POST", f"/notes/{id_}", {"body": "mine", "base": base})[0] == 409


def test_an_open_note_is_only_sent_where_it_differs(sidecar: Sidecar) -> None:
    id_ = make(sidecar, title="T", body="start")
    version = get(sidecar, f"/notes/{id_}")["version"]
    path = f"/notes/{id_}?" + urlencode({"base": version, "shown": "0"})
    asked = {"accept": "text/html", "hx_request": "true", "hx_target": f"div#note-{id_}"}
    assert sidecar.ask("GET", path, **asked)[:2] == (204, "")
    sidecar.ask("POST", f"/notes/{id_}/pin", {"pinned": 1})
    status, text, _ = sidecar.ask("GET", path, **asked)
    assert status == 200
    assert 'id="editor"' in text
    assert "autofocus" not in text
    sidecar.ask("POST", f"/notes/{id_}/delete", {})
    status, text, _ = sidecar.ask("GET", path, **asked)
    assert (status, "Bring it back" in text) == (200, True)
    assert sidecar.ask("GET", f"/notes/{id_}")[0] == 404


@pytest.mark.parametrize("choice", ["keep", "use", "both"])
def test_a_choice_by_script(sidecar: Sidecar, choice: str) -> None:
    id_, version = contested(sidecar)
    path = f"/notes/{id_}/conflicts/{version}"
    assert get(sidecar, path)["cells"] == {"body": "theirs"}
    note = json.loads(sidecar.ask("POST", f"{path}/{choice}", {})[1])
    want = {"keep": "mine", "use": "theirs", "both": "mine\n\n---\n\ntheirs"}[choice]
    assert (note["body"], note["conflicts"]) == (want, [])
    assert sidecar.ask("POST", f"{path}/{choice}", {})[0] == 404
    note = json.loads(sidecar.ask("POST", f"{path}/undo", {})[1])
    assert (note["body"], len(note["conflicts"])) == ("mine", 1)


@pytest.mark.parametrize("choice", ["keep", "use", "both"])
def test_a_choice_on_a_page(sidecar: Sidecar, choice: str) -> None:
    id_, version = contested(sidecar)
    path = f"/notes/{id_}/conflicts/{version}"
    asked = {"accept": "text/html", "hx_request": "true", "hx_target": "section#main"}
    text = sidecar.ask("GET", path, **asked)[1]
    assert "<del>mine</del>" in text
    assert "<ins>theirs</ins>" in text
    status, text, _ = sidecar.ask("POST", f"{path}/{choice}", {}, **asked)
    assert (status, f"{version}/undo" in text) == (200, True)
    status, text, _ = sidecar.ask("POST", f"{path}/{choice}", {}, **asked)
    assert (status, "/undo" in text) == (200, False), "settled already: just what is"
    status, text, headers = sidecar.ask("POST", f"{path}/undo", {}, **asked)
    assert (status, "Edited in two places" in text) == (200, True)
    assert headers["hx-push-url"] == f"notes/{id_}"


def test_asking_in_a_deleted_thread_brings_it_back(sidecar: Sidecar) -> None:
    id_ = json.loads(sidecar.ask("POST", "/chat", {"title": "T"})[1])["id"]
    sidecar.ask("POST", f"/chat/{id_}/delete", {})
    path = f"/chat/{id_}/messages"
    assert sidecar.ask("POST", path, {"question": "And?"})[0] == 404
    asked = {"accept": "text/html", "hx_request": "true", "hx_target": "section#main"}
    assert sidecar.ask("POST", path, {"question": "And?"}, **asked)[0] == 200
    assert get(sidecar, f"/chat/{id_}")["messages"][0]["body"] == "And?"
