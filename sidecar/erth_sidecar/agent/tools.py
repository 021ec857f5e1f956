"""What models may do: their tools, what each takes, and reading the answers of those that read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from erth_sidecar.chat.engines import Passage
from erth_sidecar.errors import Failure
from erth_sidecar.notes import notes
from erth_sidecar.retrieval import find
from erth_sidecar.store.database import Reader

FOUND = 5
"""Passages that a search gives."""
_TEXT = {"type": "string"}
_TAGS = {"type": "array", "items": {"type": "string", "maxLength": 60}, "maxItems": 50}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as models see it. `changes`: whether it needs permission."""

    name: str
    changes: bool
    description: str
    properties: dict[str, dict[str, Any]]
    required: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form that OpenAI-compatible servers take."""
        parameters = {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
        }
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": parameters,
        }
        return {"type": "function", "function": function}


def _text(description: str, most: int) -> dict[str, Any]:
    return _TEXT | {"description": description, "maxLength": most}


_NOTE = _text("Id of the note, as search_notes gives it", 60)
_ALL = (
    Tool(
        "search_notes",
        False,
        "Finds passages in the user's notes and files. Cite them by their number.",
        {"query": _text("What to look for, in a few words", 500)},
        ("query",),
    ),
    Tool("read_note", False, "The whole text of a note.", {"note_id": _NOTE}, ("note_id",)),
    Tool("list_tags", False, "The tags in use, with the number of notes of each.", {}),
    Tool("date_time", False, "The date and time now, with weekday and time zone.", {}),
    Tool(
        "calculate",
        False,
        "Calculates exactly: + - * / // % ** ( ), sqrt, ln, log10, exp, sin, cos, round, pi …",
        {"expression": _text("Such as (3 + 4.5) * 2 ** 10", 300)},
        ("expression",),
    ),
    Tool(
        "create_note",
        True,
        "Makes a new note. The user is asked for permission.",
        {
            "title": _text("A short title", 300),
            "text": _text("The note's text, in Markdown", 200_000),
            "tags": _TAGS,
        },
        ("title", "text"),
    ),
    Tool(
        "append_to_note",
        True,
        "Adds text at the end of a note. The user is asked for permission.",
        {"note_id": _NOTE, "text": _text("What to add, in Markdown", 200_000)},
        ("note_id", "text"),
    ),
    Tool(
        "set_tags",
        True,
        "Gives a note these tags in place of those it has. The user is asked for permission.",
        {"note_id": _NOTE, "tags": _TAGS},
        ("note_id", "tags"),
    ),
)
TOOLS = {tool.name: tool for tool in _ALL}


def arguments(tool: Tool, text: str) -> dict[str, Any]:
    """What a model wrote, checked against the tool's schema. Raises ValueError with the reason."""
    try:
        given = json.loads(text or "{}")
        json.dumps(given, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("The arguments aren't JSON") from None
    if not isinstance(given, dict):
        raise ValueError("The arguments aren't a JSON object")
    if missing := [name for name in tool.required if name not in given]:
        raise ValueError(f"Missing: {', '.join(missing)}")
    if unknown := [str(name)[:40] for name in given if name not in tool.properties]:
        raise ValueError(f"{tool.name} doesn't take: {', '.join(unknown)}")
    return {name: _checked(name, value, tool.properties[name]) for name, value in given.items()}


def _checked(name: str, value: Any, schema: dict[str, Any]) -> Any:
    if schema["type"] == "array":
        # Small models like to write a list as one text.
        value = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(value, list) or len(value) > schema["maxItems"]:
            raise ValueError(f"'{name}' must be a list of up to {schema['maxItems']} texts")
        return [_checked(name, one, schema["items"]) for one in value]
    if not isinstance(value, str):
        raise ValueError(f"'{name}' must be a text: it is {type(value).__name__}")
    if len(value) > schema["maxLength"]:
        raise ValueError(f"'{name}' takes {schema['maxLength']} characters: {len(value)} given")
    return value.replace("\r\n", "\n").replace("\0", "")


@dataclass(frozen=True, slots=True)
class Reading:
    """What tools that read may look at: the notes, the thread's files, and what was found so far,
    to which they add. `room` is how many characters a result may have."""

    knowledge: Reader
    thread_id: str
    passages: list[Passage]
    room: int


def read(tool: Tool, given: dict[str, Any], reading: Reading) -> tuple[str, str]:
    """The result of a tool that changes nothing, and in a few words what it did.

    Raises ValueError or Failure with the reason it can't.
    """
    return _READERS[tool.name](given, reading)


def _search(given: dict[str, Any], reading: Reading) -> tuple[str, str]:
    query = given["query"].strip()
    found = find.find(reading.knowledge, query, reading.thread_id, most=FOUND)
    told = []
    room = reading.room
    for passage in found:
        number = _number(passage, reading.passages)
        text = passage.text[: max(200, room)]
        room -= len(text)
        place = {f"{passage.source}_id": passage.source_id}
        told.append({"number": number, "title": passage.title, "text": text} | place)
        if room <= 0:
            break
    count = f"{len(told)} passage{'' if len(told) == 1 else 's'}"
    result = {"passages": told} if told else {"passages": [], "hint": "Try other words."}
    return _json(result), f"Searched for “{_short(query)}”: {count}"


def _read_note(given: dict[str, Any], reading: Reading) -> tuple[str, str]:
    note = notes.get(reading.knowledge, given["note_id"].strip())
    text = note.body[: reading.room]
    told: dict[str, Any] = {
        "note_id": note.id,
        "title": note.title,
        "tags": list(note.tags),
        "text": text,
    }
    if text.strip():
        start = len(text) - len(text.lstrip())
        stop = start + len(text[start : start + 400].rstrip())
        passage = Passage("note", note.id, note.name or "Untitled", text[start:stop], start, stop)
        told["number"] = _number(passage, reading.passages)
    if len(text) < len(note.body):
        told["cut"] = f"Only the first {len(text)} of {len(note.body)} characters"
    return _json(told), f"Read “{_short(note.name)}”"


def _tags(given: dict[str, Any], reading: Reading) -> tuple[str, str]:
    del given
    used = notes.tags_in_use(reading.knowledge)
    return _json({"tags": dict(used)})[: reading.room], "Looked at the tags"


def _now(given: dict[str, Any], reading: Reading) -> tuple[str, str]:
    del given, reading
    now = datetime.now().astimezone()
    return f"{now:%A, %Y-%m-%d %H:%M:%S %Z (UTC%z)}", "Looked at the clock"


def _sum(given: dict[str, Any], reading: Reading) -> tuple[str, str]:
    del reading
    # Imported at first use, as all that only models need.
    from erth_sidecar.agent.calculate import calculate

    value = calculate(given["expression"])
    return value, f"Calculated {_short(given['expression'])} = {_short(value)}"


_READERS: dict[str, Callable[[dict[str, Any], Reading], tuple[str, str]]] = {
    "search_notes": _search,
    "read_note": _read_note,
    "list_tags": _tags,
    "date_time": _now,
    "calculate": _sum,
}


def _number(passage: Passage, known: list[Passage]) -> int:
    """The number to cite a passage by; a new one is added to what is known."""
    for number, one in enumerate(known, 1):
        if one.link == passage.link:
            return number
    known.append(passage)
    return len(known)


def summary(tool: Tool, given: dict[str, Any], reader: Reader) -> str:
    """In a few words, for the person who is asked, what a tool is about to change."""
    if tool.name == "create_note":
        return f"Create the note “{_short(given['title'])}”"
    try:
        name = notes.get(reader, given["note_id"]).name
    except Failure:
        name = given["note_id"]
    if tool.name == "append_to_note":
        return f"Add to the note “{_short(name)}”"
    tags = _short(", ".join(given["tags"])) or "(none)"
    return f"Give “{_short(name)}” the tags {tags}"


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 80 else words[:79] + "…"  # noqa: PLR2004 - a line


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
