"""The model process: one GGUF file in llama.cpp's server, as docs/contracts.md has it.

It imports nothing of the sidecar but its line to the shell. llama.cpp itself comes from the folder
`library` of the first line, or from the environment if there is none.
"""

import importlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from erth_sidecar.greeting import HOST, Channel, object_of

PREFIX = "/model"
"""Before each path, which takes away those that llama.cpp's server answers without a key."""
NAME = "model"
"""What the model is called in requests; by itself llama.cpp would tell the file's path."""
CHUNK = 8 << 20
TELL = 0.1
"""Seconds between two lines of progress."""
READ = 0.9
"""How much of the progress is reading; llama.cpp tells nothing of the rest."""
HTTP_THREADS = 16
"""An answer under way holds one of them, and so does a connection that is kept open."""
NICE = 5
EXPENDABLE = 700
"""Of 1000; proc(5), oom_score_adj."""
LONGEST = 500
LOOK = 2.0
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, slots=True)
class Order:
    """The shell's first line: what to load, and how."""

    path: str
    files: tuple[str, ...]
    key: str = field(repr=False)
    context: int
    slots: int
    threads: int
    library: str | None = None

    @classmethod
    def parse(cls, line: bytes) -> "Order":
        """Reads the line.

        Raises ValueError if it isn't an order. The message never quotes it: the key is in it.
        """
        fields = object_of(line, "order")
        for name in ("path", "key"):
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise ValueError(f"Cannot read the order as '{name}' must be a text")
        numbers: dict[str, int] = {}
        for name in ("context", "slots", "threads"):
            number = fields.get(name)
            if type(number) is not int or number < 1:
                raise ValueError(
                    f"Cannot read the order as '{name}' must be 1 or more: it is {number!r}"
                )
            numbers[name] = number
        path = fields["path"]
        files = tuple(str(file) for file in fields.get("files") or (path,))
        return cls(
            path=path, files=files, key=fields["key"], library=fields.get("library"), **numbers
        )


def main() -> None:
    """Loads one model and serves it until the shell says stop or goes away."""
    _die_with_parent()
    _stand_back()
    channel = Channel.take()
    try:
        order = Order.parse(channel.first_line())
        channel.listen(lambda fields: None, lambda: os._exit(0))
        _read_through(order.files, channel)
        server = _load(order)
        port = int(server.listening_address.rsplit(":", 1)[1])
        _wait_until_healthy(port, order.key)
    except Exception as error:
        # What llama.cpp found is on stderr, where the shell reads it.
        words = str(error)[:LONGEST] or type(error).__name__
        channel.say(event="fatal", code=_code_of(error), message=words)
        channel.flush()
        os._exit(1)
    channel.say(ready=True, port=port, pid=os.getpid(), context=order.context)
    _tell_memory(channel)


def _code_of(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "MODEL_TOO_LARGE"
    if isinstance(error, (ImportError, ValueError)):
        return "INTERNAL"
    return "MODEL_REFUSED"


def _die_with_parent() -> None:
    """Has Linux kill this process when the shell's thread that started it is gone.

    llama.cpp holds Python's lock while it loads: nobody hears the end of stdin then. prctl(2).
    """
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _stand_back() -> None:
    """Lets page and sidecar go first, and be spared should the system run out of memory."""
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(EXPENDABLE))


def _read_through(files: tuple[str, ...], channel: Channel) -> None:
    """Reads the files once, so that llama.cpp finds them in memory; tells how far it is."""
    total = sum(Path(file).stat().st_size for file in files) or 1
    told = time.monotonic()
    channel.say(progress=0)
    done = 0
    for file in files:
        for size in _sizes_read(file):
            done += size
            if time.monotonic() - told >= TELL:
                told = time.monotonic()
                channel.say(progress=round(READ * done / total, 3))
    channel.say(progress=READ)
    # From here on llama.cpp holds Python's lock: the sending thread won't run either.
    channel.flush()


def _sizes_read(file: str) -> Iterator[int]:
    held = bytearray(CHUNK)
    with Path(file).open("rb", buffering=0) as opened:
        while size := opened.readinto(held):
            yield size


def _load(order: Order) -> Any:
    """llama.cpp's server; it listens on a port of its own, closed to whoever hasn't the key."""
    # Its own word on a failed assertion is enough: it would have a debugger look at this process.
    os.environ["GGML_NO_BACKTRACE"] = "1"
    xllamacpp = _llama(order.library)
    params = xllamacpp.CommonParams()
    params.model.path = order.path
    params.model_alias = {NAME}
    params.hostnames = [HOST]
    params.port = 0
    params.api_keys = [order.key]
    params.api_prefix = PREFIX
    params.cors_origins = params.cors_methods = params.cors_headers = ""
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False
    params.n_threads_http = HTTP_THREADS
    # Each slot has the whole context for itself.
    params.n_ctx = order.context * order.slots
    params.n_parallel = order.slots
    params.kv_unified = False
    params.cpuparams.n_threads = order.threads
    params.cpuparams_batch.n_threads = order.threads
    # The shell has reckoned already; and what is kept of other prompts could take 8 GB.
    params.fit_params = False
    params.cache_ram_mib = 0
    # Errors only: what is said in a chat has no place in a log.
    params.verbosity = 1
    return xllamacpp.Server(params)


def _llama(library: str | None) -> Any:
    """llama.cpp's Python part, from a folder if one is given."""
    if library is None:
        return importlib.import_module("xllamacpp")
    sys.path.insert(0, library)
    try:
        return importlib.import_module("xllamacpp")
    except ImportError:
        # The system lacks what the compiler links against; that came along.
        import ctypes

        for path in sorted(Path(library).glob("lib*.so*")):
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        return importlib.import_module("xllamacpp")


def _tell_memory(channel: Channel) -> None:
    """Tells for ever how much memory this process has, whenever that is another amount."""
    told = 0
    while True:
        held = _memory()
        if abs(held - told) > told / 50:
            told = held
            channel.say(memory=held)
        time.sleep(LOOK)


def _memory() -> int:
    """Bytes, weights that are shared with the system's file cache included; 0 if it isn't known."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _wait_until_healthy(port: int, key: str) -> None:
    """Waits until the server answers a request; the shell's own grace is the limit."""
    request = (
        f"GET {PREFIX}/health HTTP/1.1\r\nHost: {HOST}:{port}\r\n"
        f"Authorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    ).encode()
    while True:
        try:
            with socket.create_connection((HOST, port), timeout=5) as connection:
                connection.sendall(request)
                if connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.002)
