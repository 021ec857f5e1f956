"""A model server that does what a test's script says, on a real port."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Self

import pytest

DATA = "text/event-stream"


class Talk:
    """One request, and the connection to answer it on."""

    def __init__(self, connection: socket.socket) -> None:
        self.line = connection
        self._file = connection.makefile("rb")
        self.path = self._file.readline().decode().split(" ")[1]
        self.headers: dict[str, str] = {}
        while line := self._file.readline().decode().strip():
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.body = json.loads(self._file.read(int(self.headers["content-length"])) or b"{}")
        self.size = len(json.dumps(self.body, ensure_ascii=False)) // 4

    def head(self, status: int = 200, kind: str = DATA, **headers: str) -> Self:
        lines = [f"HTTP/1.1 {status} X", f"content-type: {kind}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return self.send("\r\n".join([*lines, "", ""]).encode())

    def send(self, data: bytes) -> Self:
        self.line.sendall(data)
        return self

    def chunk(self, **fields: Any) -> Self:
        return self.send(b"data: " + json.dumps(fields, ensure_ascii=False).encode() + b"\n\n")

    def say(self, *texts: str) -> Self:
        for text in texts:
            self.chunk(choices=[{"index": 0, "delta": {"content": text}}])
        return self

    def call(self, name: str, arguments: Any, index: int = 0, id_: str = "") -> Self:
        """A tool call in two pieces, as servers stream them."""
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        first = {"index": index, "id": id_ or f"c{index}", "type": "function"}
        first |= {"function": {"name": name, "arguments": text[:3]}}
        rest = {"index": index, "function": {"arguments": text[3:]}}
        for piece in (first, rest):
            self.chunk(choices=[{"index": 0, "delta": {"tool_calls": [piece]}}])
        return self

    def end(self, reason: str = "stop", tokens: int = 7) -> None:
        self.chunk(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])
        self.chunk(choices=[], usage={"prompt_tokens": self.size, "completion_tokens": tokens})
        self.send(b"data: [DONE]\n\n")

    def refuse(self, status: int, error: Any, **headers: str) -> None:
        self.head(status, "application/json", **headers)
        self.send(json.dumps({"error": error}).encode())

    def wait_for_the_end(self) -> None:
        """Returns once the other side has closed the connection."""
        self.line.settimeout(10)
        try:
            while self.line.recv(1024):
                pass
        except ConnectionError:
            pass


Script = Callable[[Talk], object]


class Scripted:
    """Answers each request with the next script; the last one is used again and again."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def fields(self, **more: Any) -> dict[str, Any]:
        """This server as a model of the shell's report."""
        return {
            "ref": "scripted/model",
            "title": "Scripted",
            "where": "Here",
            "state": "ready",
            "url": self.url,
            "key": "secret",
            "name": "model",
            "context": 8192,
            "tools": True,
        } | more

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            talk = Talk(connection)
            self.asked.append(talk.body)
            self.headers.append(talk.headers)
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            # The other side may be gone, as a test wants it.
            with suppress(OSError):
                script(talk)
            talk._file.close()


def calls(*wanted: tuple[str, Any]) -> Script:
    def script(talk: Talk) -> None:
        talk.head()
        for index, (name, arguments) in enumerate(wanted):
            talk.call(name, arguments, index)
        talk.end("tool_calls")

    return script


def says(*texts: str) -> Script:
    return lambda talk: talk.head().say(*texts).end()


def results(server: Scripted, request: int = -1) -> list[str]:
    return [m["content"] for m in server.asked[request]["messages"] if m["role"] == "tool"]


@pytest.fixture
def server() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.close()
