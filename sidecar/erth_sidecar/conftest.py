"""What the tests share: a database made by the project's own migrations."""

import atexit
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import libsql
import pytest

from erth_sidecar.ids import now_text
from erth_sidecar.store.database import Store

MIGRATIONS = Path(__file__).parents[2] / "db" / "migrations"


ORIGIN = "http://127.0.0.1:4711"
TOKEN = "01900000-0000-7000-8000-000000000001." + "t" * 43


class Sidecar:
    """The whole sidecar as a process, driven as the shell drives it."""

    def __init__(self, database: Path, **greeting: Any) -> None:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self.process = subprocess.Popen(
            [sys.executable, "-m", "erth_sidecar"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=os.environ | {"ROBYN_PORT": "1", "ROBYN_HOST": "0.0.0.0"},
        )
        first = {
            "token": TOKEN,
            "origin": ORIGIN,
            "database": str(database),
            "dataDir": str(database.parent),
            "logLevel": "debug",
        }
        self.say(first | greeting)
        self.first = self.hear()

    def say(self, line: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        heard: dict[str, Any] = json.loads(self.process.stdout.readline() or b"{}")
        return heard

    def ask(
        self, method: str, path: str, body: Any = None, token: str | None = TOKEN, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.first["port"], timeout=10)
        sent = {"accept": "application/json"}
        if token:
            sent["authorization"] = f"Bearer {token}"
        if body is not None:
            sent["content-type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, {k.lower(): v for k, v in answer.headers.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            assert stream
            stream.close()

    def logged(self) -> bytes:
        self.log.seek(0)
        return self.log.read()


def make_database(path: Path) -> Path:
    # Migrated once and copied: each migration waits for the disk.
    shutil.copy(_migrated(), path)
    return path


@lru_cache(maxsize=1)
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="erth-test-"))
    atexit.register(shutil.rmtree, folder)
    path = folder / "local_edge.db"
    connection = libsql.connect(str(path), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    files = sorted(MIGRATIONS.glob("*.sql"))
    for file in files:
        connection.cursor().executescript(file.read_text("utf-8"))
    connection.execute(f"PRAGMA user_version={len(files)}").fetchall()
    connection.close()
    return path


def next_millisecond() -> None:
    """Returns when stored times have moved on."""
    now = now_text()
    while now_text() == now:
        pass


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_database(tmp_path / "local_edge.db")


@pytest.fixture
def said() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def store(database: Path, said: list[tuple[str, str]]) -> Iterator[Store]:
    yield Store(str(database), lambda topic, id_: said.append((topic, id_)))


@pytest.fixture
def other(database: Path) -> Iterator[Callable[..., Any]]:
    """Another program with the same database open."""
    connection = libsql.connect(str(database), timeout=0, isolation_level=None)
    yield lambda sql: connection.execute(sql).fetchall()
    connection.close()
