"""Reading in the background: to its end, again after an interruption, but not for ever."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.library import files
from erth_sidecar.library import reading as reading_module
from erth_sidecar.library.originals import Originals, Taken
from erth_sidecar.library.reading import TRIES, Reading
from erth_sidecar.parsing.child import Parsed, parse
from erth_sidecar.store.database import Store


class Desk:
    """Files that wait, and word of what became of them."""

    def __init__(self, database: Path) -> None:
        self.news = threading.Condition()
        self.store = Store(str(database), self._heard)
        self.originals = Originals(str(database.parent))
        (database.parent / "files").mkdir()

    def _heard(self, _topic: str, _id: str) -> None:
        with self.news:
            self.news.notify_all()

    def put(self, text: bytes = b"words", name: str = "a.txt") -> str:
        id_ = uuid7()
        self.originals.path(id_).write_bytes(text)
        taken = Taken(id_, "text", len(text), id_)
        return self.store.write(lambda tx: files.add(tx, taken, name, None))

    def settled(self, id_: str) -> files.File:
        """The file once it is ready or failed."""
        with self.news:
            assert self.news.wait_for(lambda: self.file(id_).state in ("ready", "failed"), 20)
        return self.file(id_)

    def file(self, id_: str) -> files.File:
        return files.get(self.store, id_)


@pytest.fixture
def desk(database: Path) -> Desk:
    return Desk(database)


def _answering(*answers: Parsed) -> Callable[..., Parsed]:
    left = list(answers)
    return lambda *_: left.pop(0)


def test_what_waits_is_read_by_a_real_parser(desk: Desk) -> None:
    waiting = [desk.put("Grüße\n".encode() * 3), desk.put(b"%PDF-1.4 rubbish", "b.pdf")]
    reading = Reading(desk.store, desk.originals, parse)
    reading.start()
    good, bad = (desk.settled(id_) for id_ in waiting)
    assert (good.state, good.characters, good.code) == ("ready", 18, None)
    assert (bad.state, bad.code) == ("failed", "FILE_DAMAGED")
    stale = desk.store.rows("SELECT source_id FROM passages_stale WHERE source = 'file'")
    assert stale == [(waiting[0],)]
    later = desk.put(b"later")
    reading.add(later)
    assert desk.settled(later).state == "ready"
    assert reading.progress(later) is None


def test_a_store_that_is_full_for_a_while_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, full = reading_module._finish, [Failure("STORE_FULL")] * 2

    def reluctant(*given: Any) -> None:
        if full:
            raise full.pop()
        finish(*given)

    monkeypatch.setattr(reading_module, "_finish", reluctant)
    monkeypatch.setattr(reading_module, "WAIT", 0.01)
    id_ = desk.put()
    Reading(desk.store, desk.originals, _answering(Parsed("words"))).start()
    assert desk.settled(id_).state == "ready"


def test_what_could_be_read_of_a_file_is_kept_and_what_isnt_is_said(desk: Desk) -> None:
    id_ = desk.put()
    part = Parsed("half", [0, 2], "FILE_TIMEOUT", "The rest is missing.", killed=True)
    less = Parsed("h", code="FILE_DAMAGED", killed=True)
    Reading(desk.store, desk.originals, _answering(part, less)).start()
    file = desk.settled(id_)
    assert (file.state, file.code, file.detail) == ("ready", "FILE_TIMEOUT", "The rest is missing.")
    assert file.pages == 2


def test_a_file_that_killed_its_parser_is_tried_once_more(desk: Desk) -> None:
    killed, good = Parsed(code="FILE_DAMAGED", killed=True), Parsed("text")
    ids = [desk.put(), desk.put()]
    Reading(desk.store, desk.originals, _answering(killed, good, killed, killed)).start()
    assert [desk.settled(id_).state for id_ in ids] == ["ready", "failed"]


def test_a_reading_that_was_cut_off_is_taken_up_but_not_for_ever(desk: Desk) -> None:
    id_ = desk.put()
    begun = threading.Event()

    def never(*_: object) -> Parsed:
        begun.set()
        threading.Event().wait()
        raise AssertionError

    for _ in range(TRIES):
        begun.clear()
        Reading(desk.store, desk.originals, never).start()
        assert begun.wait(10) and desk.file(id_).state == "reading"
    Reading(desk.store, desk.originals, never).start()
    file = desk.settled(id_)
    assert (file.state, file.code) == ("failed", "FILE_DAMAGED")


def test_a_file_is_read_again_when_one_asks(desk: Desk) -> None:
    id_ = desk.put()
    reading = Reading(
        desk.store, desk.originals, _answering(Parsed(code="FILE_TIMEOUT"), Parsed("text"))
    )
    reading.start()
    assert desk.settled(id_).state == "failed"
    desk.store.write(lambda tx: files.retry(tx, id_))
    assert desk.file(id_).state == "waiting"
    reading.add(id_)
    assert desk.settled(id_).state == "ready"


def test_a_file_deleted_while_it_waits_isnt_read(desk: Desk) -> None:
    gone, next_ = desk.put(), desk.put()
    desk.store.write(lambda tx: files.mark(tx, gone, True))
    Reading(desk.store, desk.originals, _answering(Parsed("text"))).start()
    assert desk.settled(next_).state == "ready"
    assert files.get(desk.store, gone, deleted=True).state == "waiting"


def test_a_reading_that_cant_even_begin_fails_and_the_next_one_goes_on(desk: Desk) -> None:
    ids = [desk.put(), desk.put()]
    answers = [Parsed("text")]

    def read(path: Path, *_: object) -> Parsed:
        if path.name == ids[0]:
            raise OSError("no process can be started")
        return answers.pop()

    Reading(desk.store, desk.originals, read).start()
    assert [desk.settled(id_).state for id_ in ids] == ["failed", "ready"]
    assert desk.file(ids[0]).code == "INTERNAL"
