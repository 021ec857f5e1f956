"""Taking files in: what is one, what isn't, and what is left of either."""

import hashlib
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from erth_sidecar import disk
from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.library import originals
from erth_sidecar.library.originals import Originals


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The data folder."""
    folder = tmp_path / "data"
    (folder / "incoming").mkdir(parents=True)
    return folder


def _refused(take: object, *words: str) -> str:
    assert callable(take)
    with pytest.raises(Failure) as failure:
        take(*words)
    return failure.value.code


def test_a_path_is_copied_for_this_person_alone(place: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_bytes(b"words")
    (tmp_path / "link").symlink_to(source)
    for path in (source, tmp_path / "link"):
        taken = Originals(str(place)).take_path(str(path), "a.txt")
        copy = place / "files" / taken.id
        assert copy.read_bytes() == b"words" and copy.stat().st_mode & 0o777 == 0o600
        assert (taken.kind, taken.bytes) == ("text", 5)
        assert taken.sha256 == hashlib.sha256(b"words").hexdigest()
    assert source.exists() and (place / "files").stat().st_mode & 0o777 == 0o700


def test_what_is_no_file_is_refused_at_once(place: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "to-zero").symlink_to("/dev/zero")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "image.png").write_bytes(bytes(range(256)))
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(1_000_000_000)
    expected = {
        str(tmp_path / "pipe"): "FILE_UNSUPPORTED",
        str(tmp_path / "to-zero"): "FILE_UNSUPPORTED",
        "/dev/zero": "FILE_UNSUPPORTED",
        str(tmp_path): "FILE_UNSUPPORTED",
        str(tmp_path / "image.png"): "FILE_UNSUPPORTED",
        str(tmp_path / "loop"): "FILE_NOT_FOUND",
        str(tmp_path / "nothing"): "FILE_NOT_FOUND",
        str(tmp_path / "empty.txt"): "FILE_EMPTY",
        str(tmp_path / "huge.txt"): "FILE_TOO_LARGE",
    }
    take = Originals(str(place)).take_path
    assert {path: _refused(take, path, Path(path).name) for path in expected} == expected
    assert list((place / "files").iterdir()) == []


def test_a_file_that_grows_while_it_is_copied_is_bounded(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "log.txt"
    source.write_bytes(b"x" * 3_000_000)
    monkeypatch.setattr(os, "fstat", lambda _: Path(__file__).stat())
    monkeypatch.setattr(originals, "MAX_FILE", 2_000_000)
    assert _refused(Originals(str(place)).take_path, str(source), "log.txt") == "FILE_TOO_LARGE"
    assert list((place / "files").iterdir()) == []


def test_the_reserve_of_the_disk_stays_free(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "log.txt"
    source.write_bytes(b"x" * 3_000_000)
    free = [disk.RESERVE + 2_999_999]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free.pop(0)))
    take = Originals(str(place)).take_path
    assert _refused(take, str(source), "log.txt") == "MODEL_DISK"
    # Somebody else takes the room meanwhile.
    free[:] = [disk.RESERVE + 9_000_000, disk.RESERVE + 9_000_000, disk.RESERVE]
    assert _refused(take, str(source), "log.txt") == "MODEL_DISK"
    assert list((place / "files").iterdir()) == [] and free == []


def test_an_upload_is_moved_and_found_again_by_a_repetition(place: Path) -> None:
    upload = uuid7()
    (place / "incoming" / upload).write_bytes(b"# words")
    kept = Originals(str(place))
    first = kept.take_upload(upload, "a.md")
    assert first == kept.take_upload(upload, "a.md") and first.id == upload
    assert (place / "files" / upload).read_bytes() == b"# words"
    assert list((place / "incoming").iterdir()) == []


def test_an_upload_that_isnt_text_is_thrown_away(place: Path) -> None:
    upload = uuid7()
    (place / "incoming" / upload).write_bytes(bytes(range(256)))
    kept = Originals(str(place))
    assert _refused(kept.take_upload, upload, "a.png") == "FILE_UNSUPPORTED"
    assert _refused(kept.take_upload, upload, "a.png") == "FILE_NOT_FOUND"


def test_a_file_that_is_here_outlives_a_repetition_that_fails(place: Path) -> None:
    upload = uuid7()
    (place / "incoming" / upload).write_bytes(bytes(range(256)))
    os.utime(place / "incoming" / upload, (0, 0))
    kept = Originals(str(place))
    kept.take_upload(upload, "a.pdf")
    kept.sweep(set())
    assert _refused(kept.take_upload, upload, "a.txt") == "FILE_UNSUPPORTED"
    assert (place / "files" / upload).exists()


def test_an_id_cant_lead_out_of_the_folder(place: Path) -> None:
    for name in ("../local_edge.db", "..", "", "a/b", "x" * 36):
        assert _refused(Originals(str(place)).take_upload, name, "a.txt") == "FILE_NOT_FOUND"


def test_what_nobody_knows_is_swept_once_it_is_old(place: Path) -> None:
    kept = Originals(str(place))
    (place / "files").mkdir()
    for name, age in (("known", 9999), ("old", 9999), ("young", 0)):
        path = place / "files" / name
        path.touch()
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    kept.sweep({"known"})
    assert sorted(path.name for path in (place / "files").iterdir()) == ["known", "young"]
