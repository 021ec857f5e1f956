"""What reading a file may take."""

import os
import sys

MAX_FILE = 200_000_000
"""Bytes of a file."""
MAX_CHARACTERS = 20_000_000
"""Characters of its text; what is beyond is left out."""
MAX_PAGES = 10_000
LINE = 8_000_000
"""Bytes of one line that a parser writes; it never needs as many."""
CPU_SECONDS = 30
WALL_SECONDS = 90.0
MEMORY = 1_000_000_000
"""Bytes of address space. Python with pdfium takes 0.2 GB of it before it reads a page."""
MEMORY_WORDS = "Reading it takes more memory than Erth allows."
_FILES = 32


def confine(seconds: int, memory: int) -> None:
    """Takes from this process, for good, all that reading doesn't need. POSIX only.

    Best before anything foreign is opened. Threads must have been started before.
    """
    if sys.platform == "win32":
        return
    import resource

    os.umask(0o077)
    os.nice(10)
    bounds = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_CPU, seconds),
        # macOS takes this one, and doesn't keep it.
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NPROC, 0),
    ]
    for kind, wanted in bounds:
        _, hard = resource.getrlimit(kind)
        bounded = hard != resource.RLIM_INFINITY
        soft = min(wanted, hard) if bounded else wanted
        # SIGXCPU comes at the soft limit, and SIGKILL, which tells less, at the hard one.
        above = soft + 2 if kind == resource.RLIMIT_CPU else soft
        resource.setrlimit(kind, (soft, min(above, hard) if bounded else above))
