"""The models that the shell has, as it tells of them, and the wait for one."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.models.cancel import Cancel, Cancelled

log = logging.getLogger(__name__)

QUOTE = "quote"
"""The reference of the engine without a model."""
NO_NEWS = 180.0
"""Seconds of loading without progress before it is given up."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as docs/contracts.md ("Assistant") has it; `state` is `idle|loading|ready|failed`."""

    ref: str
    title: str
    where: str = ""
    leaves: bool = False
    """Whether what is asked leaves this computer."""
    state: str = "idle"
    progress: float = 0.0
    code: str = ""
    detail: str = ""
    url: str = ""
    key: str = field(default="", repr=False)
    name: str = ""
    context: int | None = None
    """Tokens, None if nobody knows."""
    tools: bool = False
    sampling: dict[str, Any] = field(default_factory=dict)
    system: str = ""

    @property
    def local(self) -> bool:
        """Whether it is a file that our own model process runs."""
        return self.ref.startswith("local/")

    @classmethod
    def of(cls, given: Any) -> "Model | None":
        """The model in the shell's words; None if they make no sense."""
        if not isinstance(given, dict) or not isinstance(given.get("ref"), str):
            return None
        texts = {
            name: value
            for name in ("where", "state", "code", "detail", "url", "key", "name", "system")
            if isinstance(value := given.get(name), str)
        }
        context, progress = given.get("context"), given.get("progress")
        sampling = given.get("sampling")
        return cls(
            ref=given["ref"],
            title=str(given.get("title") or given["ref"].partition("/")[2] or given["ref"]),
            leaves=bool(given.get("leaves")),
            progress=float(progress) if isinstance(progress, int | float) else 0.0,
            context=context if isinstance(context, int) and context > 0 else None,
            tools=bool(given.get("tools")),
            sampling=dict(sampling) if isinstance(sampling, dict) else {},
            **texts,
        )


class Assistant:
    """What the shell last said of its models. Any thread may ask."""

    def __init__(self, say: Callable[..., None]) -> None:
        """`say` sends the shell a line, its fields by name, without blocking."""
        self._say = say
        self._news = threading.Condition()
        self._models: dict[str, Model] = {}
        self._default: str | None = None
        self._held: dict[str, int] = {}
        self._ratios: dict[str, float] = {}
        self._rates: dict[str, float] = {}

    def update(self, given: Any) -> None:
        """Takes the shell's `{"assistant":{…}}`, which is always the whole."""
        if not isinstance(given, dict):
            return
        listed = given.get("models")
        found = [Model.of(one) for one in (listed if isinstance(listed, list) else [])]
        default = given.get("default")
        with self._news:
            self._models = {model.ref: model for model in found if model}
            self._default = default if isinstance(default, str) else None
            self._news.notify_all()

    @property
    def default(self) -> str:
        """The reference of the default."""
        return self._default or QUOTE

    def models(self) -> list[Model]:
        """All models, in the shell's order."""
        return list(self._models.values())

    def title(self, ref: str) -> str:
        """What to call a model, also one that is gone."""
        model = self._models.get(ref)
        return model.title if model else ref.partition("/")[2] or ref

    def choose(self, ref: str | None = None) -> Model | None:
        """The model behind a reference, or the default's; None is the engine without a model.

        Raises Failure `MODEL_NOT_FOUND`: another model might send elsewhere what was meant for
        this one, so none takes its place.
        """
        ref = ref or self.default
        if ref == QUOTE:
            return None
        model = self._models.get(ref)
        if model is None:
            raise Failure("MODEL_NOT_FOUND", f"'{ref}' isn't here any more.")
        return model

    @contextmanager
    def hold(self, ref: str) -> Iterator[None]:
        """Says that the model is wanted, and released at the end, whatever happens."""
        with self._news:
            self._held[ref] = self._held.get(ref, 0) + 1
            # Said again by each: a load that failed in between is the shell's to judge.
            self._say(event="model", wanted=ref)
        try:
            yield
        finally:
            with self._news:
                self._held[ref] -= 1
                if not self._held[ref]:
                    del self._held[ref]
                    rate = self._rates.pop(ref, None)
                    speed = {} if rate is None else {"speed": rate}
                    self._say(event="model", released=ref, **speed)

    def spoke(self, ref: str, rate: float) -> None:
        """Takes down a model's tokens per second, which the shell is told at the release."""
        self._rates[ref] = rate

    def wait_ready(self, ref: str, cancel: Cancel, on_progress: Callable[[float], None]) -> Model:
        """Waits for a model that is held; told of progress from 0 to 1.

        Raises Failure with the reason it can't be had, or Cancelled.
        """
        told = -1.0
        loading = False
        last: Model | None = None
        deadline = time.monotonic() + NO_NEWS
        with cancel.calls(self._wake), self._news:
            while True:
                cancel.check()
                model = self.choose(ref)
                if model is None:
                    raise Failure("MODEL_NOT_FOUND")
                if model.state == "ready" and model.url:
                    return model
                self._refuse(model, loading)
                if model != last:
                    last, deadline = model, time.monotonic() + NO_NEWS
                loading = loading or model.state == "loading"
                if model.progress != told:
                    told = model.progress
                    on_progress(told)
                if not self._news.wait(deadline - time.monotonic()):
                    if not self._is_behind(ref):
                        raise Failure("MODEL_SLOW_START")
                    deadline = time.monotonic() + NO_NEWS

    def why_gone(self, ref: str, cancel: Cancel, seconds: float = 3.0) -> Failure | None:
        """Why a model stopped in the middle of an answer; None if it seems to be there still."""
        deadline = time.monotonic() + seconds
        with cancel.calls(self._wake), self._news:
            while not cancel.is_set():
                model = self._models.get(ref)
                if model is None or model.state == "idle":
                    return Failure("MODEL_UNLOADED")
                if model.state == "failed":
                    return Failure(model.code or "MODEL_CRASHED", model.detail or None)
                left = deadline - time.monotonic()
                if left <= 0:
                    return Failure("MODEL_CRASHED") if model.state == "loading" else None
                self._news.wait(left)
        raise Cancelled

    def ratio(self, ref: str, measured: float | None = None) -> float | None:
        """Tokens that a model makes of one estimated token, None before any experience;
        `measured` is what it just made."""
        if measured is not None and 0.4 < measured < 6:  # noqa: PLR2004 - anything else is noise
            self._ratios[ref] = measured
        return self._ratios.get(ref)

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def _is_behind(self, ref: str) -> bool:
        """Whether another model writes an answer, for whose end this one's load has to wait."""
        others = (self._models.get(other) for other in self._held if other != ref)
        return any(it is not None and it.local and it.state == "ready" for it in others)

    def _refuse(self, model: Model, loading: bool) -> None:
        if model.state == "failed":
            raise Failure(model.code or "MODEL_CRASHED", model.detail or None)
        if model.state == "idle" and loading:
            raise Failure("MODEL_UNLOADED")
