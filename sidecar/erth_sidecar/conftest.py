"""What the tests share: a database made by the project's own migrations."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libsql
import pytest

from erth_sidecar.ids import now_text
from erth_sidecar.store import Store

MIGRATIONS = Path(__file__).parents[2] / "db" / "migrations"


def make_database(path: Path) -> Path:
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
