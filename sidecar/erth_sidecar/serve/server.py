"""Robyn's server, without the Python package around it.

A sidecar needs the compiled server only. The package would also import Robyn's development
reloader, process pool, OpenAPI and MCP parts: 5 MB of memory and a quarter of the start.
"""

import asyncio
import importlib
import importlib.util
import socket
import sys
import types
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

from erth_sidecar.greeting import HOST
from erth_sidecar.serve.web import Answer, Request, Stream

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT")

Responder = Callable[[Request], Answer | Stream]


class Server:
    """An HTTP server on a port of its own choice."""

    def __init__(self) -> None:
        self._native = _native()
        self._server = self._native.Server()
        # Robyn asks for an event loop while routes are added, and makes another to run.
        asyncio.set_event_loop(asyncio.new_event_loop())
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Robyn doesn't say which port it was given: this unlistened socket finds and keeps one.
        self._held.bind((HOST, 0))
        self.port: int = self._held.getsockname()[1]

    def add(
        self, method: str, path: str, respond: Responder, executor: Executor | None = None
    ) -> None:
        """Routes a method and path (`/notes/:id`, `/*rest`) to a handler that never raises.

        Without an executor it runs on the server's own thread: fastest, for what can't block.
        """

        def at_once(native: Any) -> Any:
            return self._answer(respond(_request(native)))

        async def elsewhere(native: Any) -> Any:
            loop = asyncio.get_running_loop()
            return self._answer(await loop.run_in_executor(executor, respond, _request(native)))

        handler = at_once if executor is None else elsewhere
        self._server.add_route(
            getattr(self._native.HttpMethod, method), path, self._function(handler), False
        )

    def serve(self, started: Callable[[], Awaitable[None]]) -> None:
        """Serves on the calling (main) thread until the process ends.

        `started` runs on the event loop before the first connection is taken.
        """
        self._server.add_startup_handler(self._function(started, parameters=0))
        listener = self._native.SocketHeld(HOST, self.port)
        # One worker: Python runs one handler at a time anyway, and each more costs memory.
        self._server.start(listener, 1)

    def _function(self, handler: Callable[..., Any], parameters: int = 1) -> Any:
        is_async = asyncio.iscoroutinefunction(handler)
        return self._native.FunctionInfo(handler, is_async, parameters, {}, {})

    def _answer(self, answer: Answer | Stream) -> Any:
        if isinstance(answer, Stream):
            # Robyn takes any object with these four attributes for a stream.
            return types.SimpleNamespace(
                content=answer.pieces,
                status_code=200,
                headers=self._native.Headers(answer.headers),
                media_type=answer.content_type,
            )
        headers = {"Content-Type": answer.content_type, **answer.headers}
        return self._native.Response(answer.status, headers, answer.body)


def _request(native: Any) -> Request:
    return Request(
        method=native.method,
        path=native.url.path,
        headers=native.headers,
        params=native.path_params,
        queries=native.query_params.to_dict(),
        body=native.body,
    )


def _native() -> Any:
    if "robyn" not in sys.modules:
        spec = importlib.util.find_spec("robyn")
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError("Cannot serve as Robyn isn't installed")
        package = types.ModuleType("robyn")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules["robyn"] = package
    return importlib.import_module("robyn.robyn")
