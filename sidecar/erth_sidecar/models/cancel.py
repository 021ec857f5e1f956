"""Ends what another thread waits for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancelled(Exception):
    """Raised where work ends because nobody wants its result any more."""


class Cancel:
    """Set once, from any thread; what waits or reads meanwhile is told at once."""

    def __init__(self) -> None:
        self._set = threading.Event()
        self._lock = threading.Lock()
        self._calls: list[Callable[[], None]] = []

    def set(self) -> None:
        """Cancels. What was registered is called on this thread; it mustn't block."""
        with self._lock:
            self._set.set()
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    def is_set(self) -> bool:
        """Whether it was cancelled."""
        return self._set.is_set()

    def check(self) -> None:
        """Raises Cancelled if it was."""
        if self._set.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Lets time pass. Raises Cancelled as soon as it is."""
        if self._set.wait(seconds):
            raise Cancelled

    @contextmanager
    def calls(self, call: Callable[[], None]) -> Iterator[None]:
        """Has `call` called on cancelling, at once if that has happened already."""
        with self._lock:
            late = self._set.is_set()
            if not late:
                self._calls.append(call)
        if late:
            call()
        try:
            yield
        finally:
            with self._lock:
                if call in self._calls:
                    self._calls.remove(call)
