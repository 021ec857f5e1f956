"""Seconds that the sidecar takes to enter into the full-text index what came in bulk.

Argument: a database whose first load is complete.
"""

import sys
import time

from erth_sidecar.retrieval.indexing import Indexer, waiting
from erth_sidecar.store.database import Store


def main(database: str) -> None:
    """Waits until the sidecar's own indexer is done."""
    store = Store(database, lambda topic, id_: None)
    indexer = Indexer(store)
    begin = time.perf_counter()
    indexer.start()
    while waiting(store):
        time.sleep(0.1)
    print(time.perf_counter() - begin)
    indexer.stop()


if __name__ == "__main__":
    main(sys.argv[1])
