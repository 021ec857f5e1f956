"""How full the disk is, and what says so."""

import errno
import shutil
from pathlib import Path

from erth_sidecar.errors import Failure

RESERVE = 256 * 1024 * 1024
"""Bytes that stay free for notes and everything else, whatever comes in."""
_NONE = 1_000_000
"""Free bytes below which an input/output error means a full disk."""


def check_room(folder: Path, size: int) -> None:
    """Raises Failure `MODEL_DISK` if so many bytes more would touch the reserve of a disk."""
    if shutil.disk_usage(folder).free - RESERVE < size:
        raise Failure("MODEL_DISK")


def is_full(error: Exception, folder: Path) -> bool:
    """Whether an error of the system or of libsql says that the disk of a folder, or somebody's
    share of it, is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    text = str(error).lower()
    # SQLite can't always tell which one it was.
    unsure = "disk i/o error" in text
    return "disk is full" in text or (unsure and shutil.disk_usage(folder).free < _NONE)
