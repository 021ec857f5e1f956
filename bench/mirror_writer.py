"""A person who writes notes, one every few milliseconds, until standard input ends.

Argument: a database. Says `ready` once it writes; at the end, as a JSON list, how many milliseconds
each note took from the call to its commit.
"""

import json
import select
import sys
import time

from erth_sidecar.notes import notes
from erth_sidecar.store.database import Store

PAUSE = 0.003
WARM_UP = 100


def main(database: str) -> None:
    """Writes until standard input ends."""
    store = Store(database, lambda topic, id_: None)
    draft = notes.Draft.of("A note of thirty characters ok", "A line of the note's text. " * 11, [])
    taken: list[float] = []
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        begin = time.perf_counter()
        store.write(lambda tx: notes.create(tx, draft))
        taken.append((time.perf_counter() - begin) * 1000)
        if len(taken) == WARM_UP:
            print("ready", flush=True)
    print(json.dumps(taken[WARM_UP:]))


if __name__ == "__main__":
    main(sys.argv[1])
