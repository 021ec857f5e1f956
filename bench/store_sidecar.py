"""What the sidecar's store takes for inserts and selects, in seconds, as JSON.

Arguments: a migrated database, and a JSON file with a list of `{title, body, tags}`.
"""

import json
import sys
import time
from pathlib import Path

from erth_sidecar.notes import notes
from erth_sidecar.store.database import Store


def main(database: str, drafts: str) -> None:
    store = Store(database, lambda topic, id_: None)
    ids: list[str] = []
    inserts, selects = [], []
    for draft in json.loads(Path(drafts).read_text()):
        note = notes.Draft.of(draft["title"], draft["body"], draft["tags"])
        begin = time.perf_counter()
        ids.append(store.write(lambda tx, note=note: notes.create(tx, note)))
        inserts.append(time.perf_counter() - begin)
    for id_ in ids:
        begin = time.perf_counter()
        store.rows("SELECT id, title, body, tags, updated_at FROM notes WHERE id = ?", (id_,))
        selects.append(time.perf_counter() - begin)
    print(json.dumps({"inserts": inserts, "selects": selects}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
