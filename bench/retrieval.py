"""Quality and speed of retrieval, and the speed of indexing, as JSON.

Arguments: two empty databases of the present schema. Into the first goes the question set alone,
into the second also so many notes and files that there are 100 000 passages, made of the set's own
words (as often as they occur there) and of invented ones (after Zipf).
"""

import itertools
import json
import random
import re
import sys
import time
from dataclasses import asdict
from functools import partial

from erth_sidecar.notes import notes
from erth_sidecar.retrieval import find, indexing, quality
from erth_sidecar.retrieval.cutting import Cutter
from erth_sidecar.retrieval.quality import QUESTIONS, Quality
from erth_sidecar.store.database import Store

PASSAGES = 100_000
FILES, PER_FILE = 20, 2000
AT_ONCE = 500
ASKED = 60
INVENTED = 20_000
SYLLABLES = ["ka", "lo", "mi", "ter", "an", "sur", "bel", "no", "ri", "dun", "fa", "ge"]


class Texts:
    """Texts by chance, the same each time."""

    def __init__(self) -> None:
        self.chance = random.Random(7)  # noqa: S311 - chance isn't the point
        everything = " ".join(path.read_text("utf-8") for path in (QUESTIONS / "notes").iterdir())
        self.words = re.findall(r"[A-Za-zÄÖÜäöüß]{2,}", everything)
        self.invented = [
            "".join(self.chance.choices(SYLLABLES, k=self.chance.randint(3, 5)))
            for _ in range(INVENTED)
        ]
        self.often = list(itertools.accumulate(1 / (rank + 5) for rank in range(INVENTED)))

    def passage(self) -> str:
        """Of 400 to 500 characters: eight sentences."""
        return " ".join(self._sentence() for _ in range(8))

    def _sentence(self) -> str:
        words = self.chance.choices(self.words, k=7)
        words += self.chance.choices(self.invented, cum_weights=self.often, k=2)
        return " ".join(words).capitalize() + "."

    def questions(self) -> dict[str, list[str]]:
        """By kind, each of words that weren't asked for before."""
        rare = self.invented[2000:]
        self.chance.shuffle(rare)
        often = sorted(set(self.words), key=lambda word: -self.words.count(word))[:80]
        pick = self.chance.choices
        return {
            "rare words": [" ".join(rare[3 * i : 3 * i + 3]) for i in range(ASKED)],
            "frequent words": [" ".join(pick(often, k=4)) for _ in range(ASKED)],
            "both": [" ".join([*pick(often, k=3), *pick(rare, k=2)]) for _ in range(ASKED)],
            "a sentence": ["what " + " ".join(pick(self.words, k=8)) for _ in range(ASKED)],
            "misspelt": [f"{word[:-2]}{word[-1]}{word[-2]}" for word in pick(rare, k=ASKED)],
            "a long text": [" ".join(pick(self.words, k=60)) for _ in range(ASKED)],
        }


def measured(store: Store) -> dict[str, dict[str, float]]:
    """Recall and MRR of the question set by group."""
    asked = quality.ask(store, quality.load(store))
    groups = {"all": lambda _: True} | {
        name: lambda one, name=name: name in (one.half, one.kind)
        for name in ("tuning", "held", "plain", "paraphrased")
    }
    return {name: asdict(Quality.of(filter(of, asked))) for name, of in groups.items()}


def fill(store: Store, texts: Texts) -> None:
    """Notes of one passage each, and long files."""
    for _ in range((PASSAGES - FILES * PER_FILE) // AT_ONCE):
        drafts = [notes.Draft.of(texts.passage()[:30], texts.passage(), "") for _ in range(AT_ONCE)]
        store.write(lambda tx, drafts=drafts: [notes.create(tx, draft) for draft in drafts])
    for number in range(FILES):
        text = "\n\n".join(texts.passage() for _ in range(PER_FILE))
        store.write(partial(quality.add_file, id_=f"f{number}", name=f"{number}.txt", text=text))


def index(store: Store) -> tuple[float, list[float]]:
    """Seconds in all, and of each transaction."""
    taken: list[float] = []
    write = store.write

    def timed(work):  # type: ignore[no-untyped-def]
        begin = time.perf_counter()
        try:
            return write(work)
        finally:
            taken.append(time.perf_counter() - begin)

    store.write = timed  # type: ignore[method-assign]
    begin = time.perf_counter()
    cutter = Cutter.of(store)
    while cutter.cut_some():
        pass
    return time.perf_counter() - begin, taken


def main(small: str, large: str) -> None:
    """Measures everything."""
    of_set = measured(Store(small, lambda topic, id_: None))
    store = Store(large, lambda topic, id_: None)
    texts = Texts()
    fill(store, texts)
    seconds, transactions = index(store)
    ((passages,),) = store.rows("SELECT count(*) FROM passages")
    taken: dict[str, list[float]] = {}
    for kind, questions in texts.questions().items():
        for question in questions:
            begin = time.perf_counter()
            find.find(store, question)
            taken.setdefault(kind, []).append(time.perf_counter() - begin)
    among = measured(store)
    assert not indexing.waiting(store).notes
    print(
        json.dumps(
            {
                "set": of_set,
                "among": among,
                "passages": passages,
                "index": seconds,
                "transactions": transactions,
                "taken": taken,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
