"""Conversations as files: Markdown to read, JSON to bring back."""

import json
import re
from dataclasses import dataclass
from typing import Any

from erth_sidecar.chat.messages import Message
from erth_sidecar.chat.threads import MAX_SYSTEM, MAX_TITLE, OVERFLOWS, Thread
from erth_sidecar.errors import Failure
from erth_sidecar.ids import read_time, uuid7
from erth_sidecar.store.database import Transaction
from erth_sidecar.text.one_line import one_line

KIND = "erth.thread"
VERSION = 1
MAX_MESSAGES = 50_000
MAX_BODY = 1_000_000
"""Characters of one message."""
MAX_LISTED = 100
"""Citations, or actions, of one answer."""
_MOST_NUMBER = 1e15
AT_ONCE = 200
"""Messages stored by one statement: libsql stops every thread while it runs."""
_STATES = ("done", "stopped", "failed")
_SETTLED = ("done", "refused", "failed", "undone")
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')


@dataclass(frozen=True, slots=True)
class Import:
    """A conversation that was read and found good."""

    thread: dict[str, Any]
    messages: list[dict[str, Any]]


def file_name(thread: Thread, ending: str) -> str:
    """A name for the file that any system takes."""
    name = one_line(_UNSAFE.sub(" ", thread.name), 80).strip(" .")
    return f"{name or 'Conversation'}.{ending}"


def to_json(thread: Thread, messages: list[Message]) -> str:
    """The conversation in Erth's own form, which `read` takes."""
    kept = {
        name: value for name, value in thread.to_json().items() if name not in ("id", "updated_at")
    }
    listed = [_exported(message) for message in messages if message.state in _STATES]
    whole = {"kind": KIND, "version": VERSION, "thread": kept, "messages": listed}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def to_markdown(thread: Thread, messages: list[Message]) -> str:
    """The conversation to read: questions as headings' text, answers, and where they stand."""
    parts = [f"# {thread.name}"]
    for message in messages:
        if message.role == "user":
            parts.append(f"## Question\n\n{message.body}")
            continue
        title = str(message.stats.get("title") or "")
        parts.append(f"## Answer{f' ({title})' if title else ''}\n\n{message.body}".rstrip())
        done = [str(it["summary"]) for it in message.actions if it.get("summary")]
        if done:
            parts.append("\n".join(f"- {summary}" for summary in done))
        named = dict.fromkeys(str(cited["title"]) for cited in message.citations)
        if named:
            parts.append("Sources: " + ", ".join(named))
    return "\n\n".join(parts) + "\n"


def read(text: str) -> Import:
    """Reads what `to_json` wrote, strictly. Raises Failure `IMPORT_UNREADABLE` with the reason."""
    try:
        given = json.loads(text)
        json.dumps(given, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _refused("it isn't JSON") from None
    if not isinstance(given, dict) or given.get("kind") != KIND:
        raise _refused(f"its 'kind' isn't '{KIND}'")
    version = given.get("version")
    if version != VERSION or isinstance(version, bool):
        raise _refused(f"its version is {str(version)[:20]}, this Erth reads {VERSION}")
    thread, listed = given.get("thread"), given.get("messages")
    if not isinstance(thread, dict) or not isinstance(listed, list):
        raise _refused("it has no 'thread' or no 'messages'")
    if len(listed) > MAX_MESSAGES:
        raise _refused(f"it has {len(listed)} messages, {MAX_MESSAGES} at most are taken")
    read_thread = {
        "title": one_line(_text(thread, "title", "thread", MAX_TITLE), MAX_TITLE),
        "system": _text(thread, "system", "thread", MAX_SYSTEM),
        "created_at": _moment(thread, "thread"),
        "starred": int(thread.get("starred") is True),
        "overflow": _one_of(thread, "overflow", OVERFLOWS, "thread", "ask"),
    }
    return Import(read_thread, [_message(it, f"message {n + 1}") for n, it in enumerate(listed)])


def store(transaction: Transaction, given: Import) -> str:
    """Stores it as a new conversation with the default model; its id."""
    id_, now = uuid7(), transaction.now
    transaction.rows(
        "INSERT INTO threads (id, title, created_at, updated_at, starred, system, overflow)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            id_,
            given.thread["title"],
            given.thread["created_at"] or now,
            now,
            given.thread["starred"],
            given.thread["system"],
            given.thread["overflow"],
        ),
    )
    rows = [{**it, "id": uuid7(), "created_at": it["created_at"] or now} for it in given.messages]
    for start in range(0, len(rows), AT_ONCE):
        transaction.rows(
            "INSERT INTO messages"
            " (id, thread_id, role, body, citations, state, created_at, engine, actions, stats)"
            " SELECT value->>'id', ?1, value->>'role', value->>'body', value->>'citations',"
            " value->>'state', value->>'created_at', value->>'engine', value->>'actions',"
            " value->>'stats' FROM json_each(?2)",
            (id_, json.dumps(rows[start : start + AT_ONCE], ensure_ascii=False)),
        )
    transaction.changed("threads", id_)
    return id_


def _exported(message: Message) -> dict[str, Any]:
    kept = {name: value for name, value in message.to_json().items() if name != "id"}
    return kept | {"engine": message.engine}


def _message(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _refused(f"{where} isn't an object")
    role = _one_of(given, "role", ("user", "assistant"), where)
    body = _text(given, "body", where, MAX_BODY)
    if role == "user" and not body.strip():
        raise _refused(f"{where} is empty")
    citations = [_citation(it, where) for it in _list(given, "citations", where)]
    actions = [_action(it, where) for it in _list(given, "actions", where)]
    stats = given.get("stats", {})
    if not isinstance(stats, dict) or not all(_is_plain(value) for value in stats.values()):
        raise _refused(f"'stats' of {where} isn't an object of texts and numbers")
    return {
        "role": role,
        "body": body.replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "state": _one_of(given, "state", _STATES, where, "done"),
        "created_at": _moment(given, where),
        "engine": _text(given, "engine", where, 200) or None,
        "citations": json.dumps(citations, ensure_ascii=False),
        "actions": json.dumps(actions, ensure_ascii=False),
        "stats": json.dumps(stats, ensure_ascii=False),
    }


def _citation(given: dict[str, Any], where: str) -> dict[str, Any]:
    source = "note_id" if "note_id" in given else "file_id"
    cited: dict[str, Any] = {
        name: _text(given, name, where, MAX_BODY) for name in (source, "title", "passage")
    }
    start, end = given.get("start", 0), given.get("end", 0)
    if not re.fullmatch(r"[\w-]{1,64}", cited[source]) or not _is_range(start, end):
        raise _refused(f"a citation of {where} isn't understood")
    place = "notes" if source == "note_id" else "library"
    link = f"{place}/{cited[source]}?at={start}-{end}"
    return cited | {"start": start, "end": end, "link": link}


def _action(given: dict[str, Any], where: str) -> dict[str, Any]:
    """What was done, to read; nothing in it makes anything act, or be undone, here."""
    texts = {name: _text(given, name, where, MAX_BODY) for name in ("tool", "summary", "result")}
    state = str(given.get("state"))
    return {"id": uuid7(), **texts, "state": state if state in _SETTLED else "refused"}


def _is_range(start: Any, end: Any) -> bool:
    whole = isinstance(start, int) and isinstance(end, int)
    return whole and not isinstance(start, bool) and 0 <= start <= end < 1 << 31


def _is_plain(value: Any) -> bool:
    if isinstance(value, int | float):
        # Above that, a number can't be shown; NaN isn't below anything.
        return abs(value) < _MOST_NUMBER
    return value is None or isinstance(value, str)


def _list(given: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    value = given.get(name, [])
    good = isinstance(value, list) and all(isinstance(it, dict) for it in value)
    if not good or len(value) > MAX_LISTED:
        raise _refused(f"'{name}' of {where} isn't a list of {MAX_LISTED} objects at most")
    return list(value)


def _text(given: dict[str, Any], name: str, where: str, most: int) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise _refused(f"'{name}' of {where} isn't a text of {most} characters at most")
    return value


def _one_of(
    given: dict[str, Any], name: str, known: tuple[str, ...], where: str, default: str = ""
) -> str:
    value = given.get(name, default)
    if value not in known:
        raise _refused(f"'{name}' of {where} must be one of {', '.join(known)}")
    return str(value)


def _moment(given: dict[str, Any], where: str) -> str:
    text = _text(given, "created_at", where, 40)
    try:
        return text and read_time(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise _refused(f"'created_at' of {where} isn't a time") from None


def _refused(why: str) -> Failure:
    return Failure("IMPORT_UNREADABLE", f"This file can't be imported: {why}.")
