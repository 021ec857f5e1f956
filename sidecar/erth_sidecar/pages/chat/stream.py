"""An answer that grows, as server-sent events (WHATWG HTML §9.2)."""

from collections.abc import Iterable, Iterator

from erth_sidecar.agent.live import News
from erth_sidecar.serve.web import event

_COMMENT = ": still writing\n\n"


def server_sent(news: Iterable[News | None]) -> Iterator[str]:
    """One event for each piece of news; else a comment, so that a closed line shows."""
    for it in news:
        yield _COMMENT if it is None else event(it.name, it.data, it.length)
