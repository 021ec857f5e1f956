"""Forgets conversations that leave no trace."""

from erth_sidecar.ids import later_than
from erth_sidecar.store.database import Transaction

LEFT_OPEN = 24 * 3600 * 1000
"""Milliseconds after its last message."""


def forget_old(transaction: Transaction) -> None:
    """Forgets the conversations that were left open for a day."""
    left = transaction.rows(
        "SELECT id FROM threads WHERE updated_at < ?", (later_than(transaction.now, -LEFT_OPEN),)
    )
    for (thread_id,) in left:
        forget(transaction, thread_id)


def forget(transaction: Transaction, thread_id: str) -> None:
    """Takes a conversation out of the memory, with the answers to the requests that made it."""
    for table in ("messages", "answers", "permissions"):
        transaction.rows(f"DELETE FROM {table} WHERE thread_id = ?", (thread_id,))
    transaction.rows("DELETE FROM threads WHERE id = ?", (thread_id,))
    # Their paths name it, or their answers do.
    transaction.rows(
        "DELETE FROM idempotency WHERE instr(path, ?1) OR instr(body, ?1)", (thread_id,)
    )
