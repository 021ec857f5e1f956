"""What stands before every handler: preflight, token, one shape of errors."""

import logging
import threading
import time
from collections.abc import Callable

from erth_sidecar.errors import Catalogue, Failure
from erth_sidecar.serve.security import Tokens, cors, preflight
from erth_sidecar.serve.server import METHODS, Server
from erth_sidecar.serve.views import Views
from erth_sidecar.serve.web import JSON, Answer, Request, Stream

log = logging.getLogger(__name__)


class Gate:
    """Guards handlers, and answers what no handler does."""

    def __init__(self, tokens: Tokens, origin: str, errors: Catalogue, views: Views) -> None:
        self._tokens = tokens
        self._origin = origin
        self._errors = errors
        self._views = views
        self._known: dict[str, list[list[str]]] = {}
        self._running = 0
        self._idle = threading.Condition()

    def know(self, method: str, path: str) -> None:
        """Remembers a route, to tell a wrong method from a wrong address."""
        self._known.setdefault(method, []).append(path.split("/"))

    def guard(
        self, handler: Callable[[Request], Answer | Stream]
    ) -> Callable[[Request], Answer | Stream]:
        """Wraps a handler: asks for the token first, and turns whatever it raises to an answer."""

        def respond(request: Request) -> Answer | Stream:
            with self._idle:
                self._running += 1
            try:
                if not self._tokens.accepts(request.headers.get("authorization")):
                    raise Failure("UNAUTHORIZED")
                answer = handler(request)
            except Failure as failure:
                answer = self._error(request, failure)
            except Exception:
                log.exception("%s %s failed", request.method, request.path)
                answer = self._error(request, Failure("INTERNAL"))
            finally:
                with self._idle:
                    self._running -= 1
                    self._idle.notify_all()
            answer.headers |= cors(request.headers.get("origin"), self._origin)
            if isinstance(answer, Answer):
                answer.headers.setdefault("Cache-Control", "no-store")
            return answer

        return respond

    def open(self, server: Server) -> None:
        """Registers what answers without a handler: preflights, liveness, unknown addresses."""
        server.add("GET", "/-/alive", self._alive)
        for method in METHODS:
            respond = self._preflight if method == "OPTIONS" else self.guard(self._lost)
            server.add(method, "/", respond)
            server.add(method, "/*rest", respond)

    def drain(self, seconds: float) -> None:
        """Waits until no handler runs, so many seconds at most."""
        deadline = time.monotonic() + seconds
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, max(0.0, deadline - time.monotonic()))

    def _preflight(self, request: Request) -> Answer:
        headers = preflight(request.headers.get("origin"), self._origin)
        return Answer(status=204, headers=headers)

    def _alive(self, request: Request) -> Answer:
        nonce = (request.queries.get("nonce") or [""])[-1]
        return Answer(self._tokens.prove(nonce), content_type="text/plain; charset=utf-8")

    def _lost(self, request: Request) -> Answer:
        parts = request.path.split("/")
        for method, paths in self._known.items():
            if method != request.method and any(_fits(path, parts) for path in paths):
                raise Failure("METHOD_NOT_ALLOWED")
        raise Failure("NOT_FOUND")

    def _error(self, request: Request, failure: Failure) -> Answer:
        shown = self._errors.describe(failure)
        if request.wants_json:
            return Answer(shown.to_json(), shown.status, JSON)
        return Answer(self._views.render("error.html", error=shown), shown.status)


def _fits(path: list[str], parts: list[str]) -> bool:
    return len(path) == len(parts) and all(
        have == want or want.startswith(":") for want, have in zip(path, parts, strict=True)
    )
