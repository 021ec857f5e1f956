"""A change asked for twice with one key is made once; the second gets the first one's answer."""

import hashlib
import json
from collections.abc import Callable

from erth_sidecar.errors import Failure
from erth_sidecar.ids import later_than
from erth_sidecar.serve.web import Answer, Request
from erth_sidecar.store.database import Transaction

KEPT = 24 * 3600 * 1000
"""Milliseconds that an answer can be replayed."""

MAX_KEY = 255

Change = Callable[[Request, Transaction], Answer]


def once(request: Request, transaction: Transaction, change: Change) -> Answer:
    """Makes the change unless its key was seen; key, change and answer are one transaction.

    A change that fails leaves no key behind, so that it can be tried again. Without a key the
    change is just made.

    Raises Failure `IDEMPOTENCY_MISMATCH` if the key was used for another request.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return change(request, transaction)
    if not 0 < len(key) <= MAX_KEY:
        raise Failure(
            "BAD_REQUEST",
            f"Idempotency-Key must have 1 to {MAX_KEY} characters: it has {len(key)}.",
        )
    body = request.body if isinstance(request.body, bytes) else request.body.encode()
    digest = hashlib.sha256(body).hexdigest()
    seen = transaction.rows(
        "SELECT method, path, body_hash, status, headers, body FROM idempotency WHERE key = ?",
        (key,),
    )
    if seen:
        method, path, body_hash, status, headers, text = seen[0]
        if (method, path, body_hash) != (request.method, request.path, digest):
            raise Failure("IDEMPOTENCY_MISMATCH")
        kept = json.loads(headers)
        content_type = kept.pop("Content-Type")
        return Answer(text, status, content_type, kept | {"Idempotency-Replayed": "true"})
    answer = change(request, transaction)
    headers = json.dumps({"Content-Type": answer.content_type, **answer.headers})
    transaction.rows(
        "INSERT INTO idempotency (key, method, path, body_hash, status, headers, body, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key,
            request.method,
            request.path,
            digest,
            answer.status,
            headers,
            answer.body,
            transaction.now,
        ),
    )
    return answer


def sweep(transaction: Transaction) -> None:
    """Forgets the answers that are too old to be replayed."""
    oldest = later_than(transaction.now, -KEPT)
    transaction.rows("DELETE FROM idempotency WHERE created_at < ?", (oldest,))
