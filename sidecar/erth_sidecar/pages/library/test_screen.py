"""The Library's routes, asked as scripts and pages ask them, in a real sidecar."""

import json
import time
from pathlib import Path
from typing import Any

from erth_sidecar.conftest import Sidecar
from erth_sidecar.ids import uuid7

SCRIPT = {"x_erth_caller": "script"}


def _read(sidecar: Sidecar, id_: str) -> dict[str, Any]:
    """The file once it is ready or failed."""
    deadline = time.monotonic() + 20
    while True:
        file: dict[str, Any] = json.loads(sidecar.ask("GET", f"/library/{id_}")[1])
        if file["state"] in ("ready", "failed"):
            return file
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_file_is_taken_in_once_read_shown_and_deleted(database: Path, tmp_path: Path) -> None:
    source = tmp_path / "Lease.txt"
    source.write_text("The rent is due <b>on the first</b>.")
    with Sidecar(database) as sidecar:
        answers = [
            sidecar.ask("POST", "/library", {"path": str(source)}, idempotency_key=key, **SCRIPT)
            for key in ("a", "a", "b")
        ]
        ids = {json.loads(text)["id"] for _, text, _ in answers}
        assert [status for status, _, _ in answers] == [201, 201, 201] and len(ids) == 1
        (id_,) = ids
        file = _read(sidecar, id_)
        assert (file["name"], file["kind"], file["text"]) == (
            "Lease.txt",
            "text",
            source.read_text(),
        )
        page = sidecar.ask("GET", f"/library/{id_}?at=16-35", accept="text/html")[1]
        marked = (
            '<mark class="sought" tabindex="-1" autofocus>&lt;b&gt;on the first&lt;/b&gt;</mark>'
        )
        assert marked in page
        shown = sidecar.ask(
            "GET",
            f"/library/{id_}?shown=ready%20None%20None%20False",
            accept="text/html",
            hx_target=f"div#file-{id_}",
        )
        assert shown[0] == 204
        _, text, headers = sidecar.ask("GET", f"/library/{id_}/original.bin")
        assert text == source.read_text()
        assert headers["content-type"] == "application/octet-stream"
        assert headers["content-disposition"].startswith("attachment")
        assert sidecar.ask("POST", f"/library/{id_}/delete", {})[0] == 200
        assert sidecar.ask("GET", f"/library/{id_}")[0] == 404
        assert sidecar.ask("GET", f"/library/{id_}/original.bin")[0] == 404
        assert sidecar.ask("POST", f"/library/{id_}/restore", {})[0] == 200
        assert json.loads(sidecar.ask("GET", "/library?q=lease")[1])["total"] == 1


def test_only_scripts_name_a_path_and_an_upload_is_an_id(database: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("words")
    upload = uuid7()
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / upload).write_text("# words of an upload")
    with Sidecar(database) as sidecar:

        def code(body: dict[str, str], **headers: str) -> str:
            status, text, _ = sidecar.ask("POST", "/library", body, **headers)
            assert status >= 400
            return str(json.loads(text)["error"]["code"])

        path = {"path": str(source)}
        assert code(path) == code(path, x_erth_caller="page") == code({}) == "BAD_REQUEST"
        assert code({"path": "/dev/zero"}, **SCRIPT) == "FILE_UNSUPPORTED"
        assert code({"upload": "../local_edge.db"}) == "FILE_NOT_FOUND"
        assert code(path | {"thread": uuid7()}, **SCRIPT) == "THREAD_NOT_FOUND"
        body = {"upload": upload, "name": "C:\\notes\\Read me.md"}
        status, text, _ = sidecar.ask("POST", "/library", body, x_erth_caller="page")
        assert (status, json.loads(text)["id"]) == (201, upload)
        assert _read(sidecar, upload)["name"] == "Read me.md"
        for address in ("/library?page=x", f"/library/{upload}?part=-1"):
            assert sidecar.ask("GET", address)[0] == 400
        assert sidecar.ask("GET", f"/library/{upload}?at=9-1&part=99")[0] == 200
