"""The files themselves, in the data folder: `files/ID`, mode 0600."""

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from erth_sidecar import disk
from erth_sidecar.errors import Failure
from erth_sidecar.ids import uuid7
from erth_sidecar.parsing.kinds import HEAD, kind_of
from erth_sidecar.parsing.limits import MAX_FILE

_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHUNK = 1 << 20
_YOUNG = 3600
"""Seconds that a file without a row may be on its way into the store."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file in the data folder that the store doesn't know yet."""

    id: str
    kind: str
    bytes: int
    sha256: str


class Originals:
    """The folders that files come to and lie in."""

    def __init__(self, data_dir: str) -> None:
        self._incoming = Path(data_dir) / "incoming"
        self._files = Path(data_dir) / "files"

    def path(self, id_: str) -> Path:
        """Where a file lies. Raises Failure `FILE_NOT_FOUND` on what can't be an id."""
        if not _ID.fullmatch(id_):
            raise Failure("FILE_NOT_FOUND")
        return self._files / id_

    def take_upload(self, upload: str, name: str) -> Taken:
        """Moves an upload to its place; one that was moved already is found there.

        Raises Failure `FILE_NOT_FOUND`, `FILE_EMPTY`, `FILE_UNSUPPORTED` or `FILE_TOO_LARGE`; the
        upload is gone then, unless it was moved before: the store may know it.
        """
        place = self.path(upload)
        coming = self._incoming / upload
        self._make()
        comes = not place.exists()
        if comes:
            try:
                coming.rename(place)
                # Young again: a sweep mustn't take it before the store knows it.
                os.utime(place)
            except OSError:
                raise Failure("FILE_NOT_FOUND", "That upload isn't there any more.") from None
        try:
            place.chmod(0o600)
            with _open(place) as file:
                return _look(file, upload, name)
        except Failure:
            if comes:
                place.unlink(missing_ok=True)
            raise

    def take_path(self, path: str, name: str) -> Taken:
        """Copies a file of this computer to its place.

        Raises Failure `FILE_NOT_FOUND`, `FILE_EMPTY`, `FILE_UNSUPPORTED`, `FILE_TOO_LARGE`,
        `MODEL_DISK` if it would touch the reserve of the disk, or `STORE_FULL`; nothing is left of
        it then.
        """
        id_ = uuid7()
        place = self.path(id_)
        self._make()
        try:
            with _open(Path(path)) as file, _create(place) as copy:
                disk.check_room(self._files, os.fstat(file.fileno()).st_size)

                def keep(piece: bytes) -> None:
                    # The file may grow meanwhile, and others write too.
                    disk.check_room(self._files, len(piece))
                    copy.write(piece)

                taken = _look(file, id_, name, keep)
                copy.flush()
                os.fsync(copy.fileno())
            return taken
        except OSError as error:
            place.unlink(missing_ok=True)
            full = disk.is_full(error, self._files)
            raise Failure("STORE_FULL" if full else "FILE_NOT_FOUND") from None
        except Failure:
            place.unlink(missing_ok=True)
            raise

    def has_room(self, size: int) -> bool:
        """Whether so many bytes more leave the reserve of the disk alone."""
        try:
            disk.check_room(self._incoming.parent, size)
        except Failure:
            return False
        return True

    def remove(self, id_: str) -> None:
        """Deletes a file for good."""
        with suppress(OSError):
            self.path(id_).unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> None:
        """Deletes what lies there without being known, unless it is still on its way."""
        with suppress(OSError):
            for path in self._files.iterdir():
                if path.name not in known and path.stat().st_mtime < time.time() - _YOUNG:
                    path.unlink()

    def _make(self) -> None:
        try:
            self._files.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            full = disk.is_full(error, self._files.parent)
            raise Failure("STORE_FULL" if full else "STORE_READ_ONLY") from None


def _open(path: Path) -> BinaryIO:
    """Opens what is a file and nothing else: a pipe would wait, a device has no end."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise Failure("FILE_NOT_FOUND", f"'{path.name}' may not be read.") from None
        raise Failure("FILE_NOT_FOUND", f"There is no file '{path.name}'.") from None
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise Failure("FILE_UNSUPPORTED", f"'{path.name}' is {_what(found.st_mode)}.")
        if found.st_size > MAX_FILE:
            raise _too_large()
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _create(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _look(
    file: BinaryIO, id_: str, name: str, keep: Callable[[bytes], None] | None = None
) -> Taken:
    """Reads a file once, at most as much of it as Erth takes."""
    digest, size, kind = hashlib.sha256(), 0, ""
    while piece := file.read(_CHUNK):
        kind = kind or kind_of(name, piece[:HEAD])
        size += len(piece)
        if size > MAX_FILE:
            raise _too_large()
        digest.update(piece)
        if keep is not None:
            keep(piece)
    return Taken(id_, kind or kind_of(name, b""), size, digest.hexdigest())


def _too_large() -> Failure:
    return Failure("FILE_TOO_LARGE", f"Erth takes files of up to {MAX_FILE // 1_000_000} MB.")


def _what(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "no ordinary file"
