"""Puts the sidecar together: greeting, store, server, and the pages an app registers."""

import gc
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from erth_sidecar import VERSION
from erth_sidecar.errors import Catalogue, Failure
from erth_sidecar.greeting import HOST, Channel, Greeting
from erth_sidecar.models.known import Assistant
from erth_sidecar.serve import idempotency
from erth_sidecar.serve.gate import Gate
from erth_sidecar.serve.memory import bound_memory
from erth_sidecar.serve.security import Tokens
from erth_sidecar.serve.server import Server
from erth_sidecar.serve.views import Views
from erth_sidecar.serve.web import Answer, Request, Stream
from erth_sidecar.store.database import SCHEMA, Store

log = logging.getLogger(__name__)

DRAIN = 2.0
"""Seconds that running requests get to finish at an orderly end."""
SWEEP = 3600.0
"""Seconds between two sweeps of old idempotency keys."""

Handler = Callable[[Request], Answer | Stream]
Register = Callable[["App"], None]


class App:
    """What pages work with: routes, store, templates, and word to the shell.

    Handlers are plain functions. One for `get` runs on the server's thread and must be quick;
    one for `post` runs on the writer's thread, inside the transaction that it is given.
    """

    def __init__(
        self,
        server: Server,
        gate: Gate,
        store: Store,
        views: Views,
        *,
        greeting: Greeting,
        errors: Catalogue,
        assistant: Assistant,
    ):
        self._server = server
        self._gate = gate
        self._writer = ThreadPoolExecutor(1, "writer")
        self._preparing = ThreadPoolExecutor(1, "preparing")
        self.store = store
        self.views = views
        self.greeting = greeting
        self.errors = errors
        self.assistant = assistant
        self.stopping = threading.Event()
        self.when_ready: list[Callable[[], None]] = []
        """Called, in order, once the shell knows the port; they mustn't block."""

    def get(self, path: str, handler: Handler) -> None:
        """Registers a page that only reads. Parts of the path: `:id`, `*rest`."""
        self._gate.know("GET", path)
        self._server.add("GET", path, self._gate.guard(handler))

    def post(self, path: str, change: idempotency.Change, store: Store | None = None) -> None:
        """Registers a change; repeated with its key, it is answered but not made again.

        It is made, and its key kept, in `store`, if it isn't the app's own.
        """
        kept = store or self.store

        def handler(request: Request) -> Answer:
            return kept.write(lambda tx: idempotency.once(request, tx, change))

        self._gate.know("POST", path)
        self._server.add("POST", path, self._gate.guard(handler), self._writer)

    def post_prepared(self, path: str, prepare: Callable[[Request], idempotency.Change]) -> None:
        """Registers a change that takes a while before its transaction, such as copying a file.

        `prepare` runs on a thread of its own and gives the change; it runs again for a repetition.
        """

        def handler(request: Request) -> Answer:
            change = prepare(request)
            return self.store.write(lambda tx: idempotency.once(request, tx, change))

        self._gate.know("POST", path)
        self._server.add("POST", path, self._gate.guard(handler), self._preparing)


def run(channel: Channel, register: Register, *, templates: Path, schema: int = SCHEMA) -> None:
    """Serves an app's pages until the shell says stop or goes away; doesn't return.

    `register` is called once with the App; `templates` is the folder its templates lie in.
    """
    try:
        greeting = channel.greeting()
        tokens = Tokens(greeting.token)
    except ValueError as error:
        _fatal(channel, Failure("BAD_REQUEST", str(error)))
    bound_memory()
    made: list[App] = []

    def stop() -> None:
        for app in made:
            app.stopping.set()
            gate.drain(DRAIN)
            app.store.sync()
        os._exit(0)

    assistant = Assistant(channel.say)
    assistant.update(greeting.assistant)

    def heed(fields: dict[str, Any]) -> None:
        if isinstance(fields.get("token"), str):
            tokens.rotate(fields["token"])
        assistant.update(fields.get("assistant"))

    channel.listen(heed, stop)
    logging.basicConfig(level=greeting.log_level, format="%(levelname)s %(name)s: %(message)s")
    # Their debug lines have what was asked and answered.
    for library in ("robyn", "markdown_it"):
        logging.getLogger(library).setLevel(logging.INFO)
    try:
        errors = Catalogue.load(greeting.errors)

        def announce(topic: str, id_: str) -> None:
            channel.say(event="changed", topic=topic, id=id_)

        store = Store(greeting.database, announce, synchronous=greeting.synchronous, schema=schema)
        views = Views(templates)
        server = Server()
        gate = Gate(tokens, greeting.origin, errors, views)
        app = App(server, gate, store, views, greeting=greeting, errors=errors, assistant=assistant)
        gate.open(server)
        register(app)
        made.append(app)
    except Failure as failure:
        _fatal(channel, failure)
    except Exception as error:
        log.exception("The sidecar can't start")
        _fatal(channel, Failure("INTERNAL", f"{type(error).__name__}: {error}"))

    _serve(server, channel, app, stop)


def _serve(server: Server, channel: Channel, app: App, stop: Callable[[], None]) -> None:
    import asyncio

    async def started() -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=ready, args=(loop,), name="ready", daemon=True).start()

    def ready(loop: Any) -> None:
        _self_check(server.port)
        # What is there by now stays; looking through it for garbage would cost 5 ms each time.
        gc.collect()
        gc.freeze()
        # Only now: Robyn sets handlers of its own while it starts. Ctrl+C is the shell's to hear.
        heard = threading.Event()
        loop.call_soon_threadsafe(_on_signals, stop, heard)
        heard.wait()
        channel.say(ready=True, port=server.port, pid=os.getpid(), version=VERSION)
        for begin in app.when_ready:
            begin()
        _sweep_for_ever(app.store)

    server.serve(started)
    # Robyn's loop ended: without an HTTP server there is nothing left to do.
    os._exit(1)


def _on_signals(stop: Callable[[], None], heard: threading.Event) -> None:
    def on_term(*_: object) -> None:
        threading.Thread(target=stop, name="stop", daemon=True).start()

    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    heard.set()


def _self_check(port: int) -> None:
    """Waits until the server answers a request; the shell's own grace is the limit."""
    request = b"GET /-/alive?nonce=self HTTP/1.1\r\nHost: erth\r\nConnection: close\r\n\r\n"
    while True:
        try:
            with socket.create_connection((HOST, port), timeout=5) as connection:
                connection.sendall(request)
                if connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.002)


def _sweep_for_ever(store: Store) -> None:
    while True:
        try:
            store.write(idempotency.sweep)
        except Failure as failure:
            log.warning("Old keys weren't swept: %s", failure)
        time.sleep(SWEEP)


def _fatal(channel: Channel, failure: Failure) -> Any:
    channel.say(event="fatal", code=failure.code, message=failure.message or failure.code)
    channel.flush()
    os._exit(1)
