"""How much memory the sidecar may take."""

import sys

MEMORY = 1_000_000_000
"""Bytes of data. It takes a tenth of that in all its life."""


def bound_memory(most: int = MEMORY) -> None:
    """Ends this process, rather than the computer's memory, where it takes more. Linux only.

    Robyn reads a body whole before it asks anybody who sent it, so any program of this computer
    can have it take what it likes.
    """
    if sys.platform != "linux":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bounded = hard != resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_DATA, (min(most, hard) if bounded else most, hard))
