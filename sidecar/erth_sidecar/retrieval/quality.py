"""How often a known passage is among those found: for the test beside it and the bench.

The question set lies in `bench/questions`: notes and files as Markdown and text, and questions,
each with the sentence that answers it. A third of them are paraphrased: they share few words with
it. They were written before the ranking was; it was tuned by every other one, the `tuning` half.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from erth_sidecar.notes import notes
from erth_sidecar.retrieval import find, indexing
from erth_sidecar.store.database import Store, Transaction

QUESTIONS = Path(__file__).parents[3] / "bench" / "questions"
FOUND = 5
"""Passages that count as found."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the place of its passage among those found; 0: it isn't."""

    question: str
    kind: str
    half: str
    place: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Recall: share of questions whose passage is found; MRR: the mean of 1 / place."""

    count: int
    recall: float
    mrr: float

    @classmethod
    def of(cls, asked: Iterable[Asked]) -> "Quality":
        """Raises ZeroDivisionError without questions."""
        places = [one.place for one in asked]
        found = [place for place in places if place]
        mrr = sum(1 / place for place in found)
        return cls(len(places), len(found) / len(places), mrr / len(places))


def load(store: Store) -> dict[str, str]:
    """Puts the set's notes and files into a store and indexes them; their ids by name."""
    ids: dict[str, str] = {}
    for path in sorted((QUESTIONS / "notes").iterdir()):
        head, _, body = path.read_text("utf-8").partition("\n\n")
        title, _, tags = head.partition("\n")
        draft = notes.Draft.of(title.removeprefix("# "), body, tags.removeprefix("tags: "))
        ids[f"notes/{path.name}"] = store.write(partial(notes.create, draft=draft))
    for path in sorted((QUESTIONS / "files").iterdir()):
        id_ = ids[f"files/{path.name}"] = f"file-{path.name}"
        text = path.read_text("utf-8")
        store.write(partial(add_file, id_=id_, name=path.name, text=text))
    while not indexing.catch_up(store):
        pass
    return ids


def ask(store: Store, ids: dict[str, str]) -> list[Asked]:
    """Asks every question of a loaded store."""
    asked = []
    for one in json.loads((QUESTIONS / "questions.json").read_text("utf-8")):
        passages = find.find(store, one["question"], most=FOUND)
        hits: Sequence[int] = [
            place
            for place, passage in enumerate(passages, 1)
            if passage.source_id == ids[one["source"]] and one["quote"] in passage.text
        ]
        asked.append(Asked(one["question"], one["kind"], one["half"], min(hits, default=0)))
    return asked


def add_file(tx: Transaction, id_: str, name: str, text: str) -> None:
    """A file of the Library with its text, as it stands once it was read."""
    tx.rows(
        "INSERT INTO files (id, name, kind, bytes, sha256, state, characters, created_at)"
        " VALUES (?, ?, 'txt', ?, '', 'ready', ?, ?)",
        (id_, name, len(text.encode()), len(text), tx.now),
    )
    tx.rows("INSERT INTO file_texts (file_id, body) VALUES (?, ?)", (id_, text))
    tx.rows("INSERT INTO passages_stale (source, source_id) VALUES ('file', ?)", (id_,))
