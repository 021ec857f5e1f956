"""What tools do for an answer: asked for, allowed, done, taken back.

An action stands in the store before anything is done. What it changes is committed together with
its new state, so a process that dies leaves it either undone or done, never done twice.
"""

from collections.abc import Callable, Sequence
from typing import Any

from erth_sidecar.agent import changing, tools
from erth_sidecar.agent.tools import TOOLS, Reading
from erth_sidecar.chat import answers
from erth_sidecar.chat.answers import RUNNING, Actions
from erth_sidecar.chat.engines import Call
from erth_sidecar.errors import Failure
from erth_sidecar.store.database import Reader, Store, Transaction

ASKING = "asking"
CHOICES = ("once", "always", "no")
_REFUSED = "The user doesn't allow this. Don't try it again; go on without."

Action = dict[str, Any]


def request(
    calls: Sequence[Call], at: int, reading: Reading, allowed: Callable[[str], bool], before: int
) -> Actions:
    """A round of actions out of a model's tool calls.

    Those that only read are done at once. One that changes something is `asking`, or `running` if
    it is allowed always; nothing in its words or the model's can make it anything else. `at` is
    the length of the answer so far, `before` the number of actions it had, which is also the
    round's number; `given` is how many passages the model had then.
    """
    given = len(reading.passages)
    return [
        _action(call, reading, allowed)
        | {"id": f"a{before + i}", "round": before, "at": at, "call": call.id, "given": given}
        for i, call in enumerate(calls)
    ]


def decide(
    transaction: Transaction, thread_id: str, answer_id: str, action_id: str, choice: str
) -> None:
    """Takes a person's word on an action that asks: `once`, `always` (in this thread), or `no`.

    Raises Failure `BAD_REQUEST`, `ANSWER_NOT_FOUND`, `ACTION_NOT_FOUND` or `ACTION_SETTLED`.
    """
    if choice not in CHOICES:
        raise Failure("BAD_REQUEST", f"'choice' must be once, always or no: value is {choice[:20]}")

    def settle(actions: Actions) -> None:
        action = _find(actions, action_id)
        if action["state"] != ASKING:
            raise Failure("ACTION_SETTLED")
        action["state"] = "refused" if choice == "no" else "running"
        if choice == "no":
            action["result"] = _REFUSED
        if choice == "always":
            transaction.rows(
                "INSERT INTO permissions (thread_id, tool, granted_at) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (thread_id, action["tool"], transaction.now),
            )
            for other in actions:
                if other["state"] == ASKING and other["tool"] == action["tool"]:
                    other["state"] = "running"

    if answers.get(transaction, thread_id, answer_id).state != RUNNING:
        raise Failure("ACTION_SETTLED", "The answer has ended; nothing is waiting any more.")
    answers.act(transaction, thread_id, answer_id, settle)


def undo(
    transaction: Transaction,
    thread_id: str,
    answer_id: str,
    action_id: str,
    change: Callable[[Action], None],
) -> None:
    """Marks an action as undone; `change` takes back what it did.

    Raises Failure `ANSWER_NOT_FOUND`, `ACTION_NOT_FOUND`, `ACTION_SETTLED`, or what `change` does.
    """

    def back(actions: Actions) -> None:
        action = _find(actions, action_id)
        if action.get("state") != "done" or "undo" not in action:
            raise Failure("ACTION_SETTLED")
        change(action)
        action["state"] = "undone"

    answers.act(transaction, thread_id, answer_id, back)


def run_allowed(store: Store, knowledge: Store, thread_id: str, answer_id: str) -> Actions:
    """Does everything that is allowed and not yet done; the answer's actions then.

    Raises Failure `ANSWER_NOT_FOUND` if the answer was deleted meanwhile: then nothing is done.
    """

    def work(transaction: Transaction) -> Actions:
        def perform(actions: Actions) -> None:
            for action in actions:
                if action["state"] == "running":
                    _perform(action, lambda change: within(store, knowledge, transaction, change))

        stored = answers.get(transaction, thread_id, answer_id)
        if stored.state != RUNNING or not any(a["state"] == "running" for a in stored.actions):
            return stored.actions
        return answers.act(transaction, thread_id, answer_id, perform)

    return store.write(work)


def within(
    store: Store,
    knowledge: Store,
    transaction: Transaction,
    change: Callable[[Transaction], None],
) -> None:
    """Changes notes in the transaction of the conversation; a temporary one lives in a store of
    its own, so there the notes are committed just before it."""
    if store is knowledge:
        change(transaction)
    else:
        knowledge.write(change)


def may_always(reader: Reader, thread_id: str, tool: str) -> bool:
    """Whether a person allowed a tool always in this thread."""
    sql = "SELECT 1 FROM permissions WHERE thread_id = ? AND tool = ?"
    return bool(reader.rows(sql, (thread_id, tool)))


def _action(call: Call, reading: Reading, allowed: Callable[[str], bool]) -> Action:
    tool = TOOLS.get(call.name)
    action: Action = {"tool": call.name[:100] or "?", "arguments": {}, "state": "failed"}
    if tool is None:
        known = ", ".join(TOOLS)
        return action | {
            "summary": "Wanted to use a tool that doesn't exist",
            "result": f"There is no such tool. Those that exist: {known}.",
        }
    try:
        given = tools.arguments(tool, call.arguments)
        action["arguments"] = given
        if tool.changes:
            state = "running" if allowed(tool.name) else ASKING
            return action | {
                "state": state,
                "summary": tools.summary(tool, given, reading.knowledge),
            }
        result, summary = tools.read(tool, given, reading)
        return action | {"state": "done", "summary": summary, "result": result}
    except (ValueError, Failure) as error:
        return action | {"summary": f"{tool.name} went wrong", "result": _reason(error)}


def _perform(action: Action, within_: Callable[[Callable[[Transaction], None]], None]) -> None:
    try:
        within_(lambda notebook: changing.perform(notebook, action))
        action["state"] = "done"
    except Failure as failure:
        action |= {"state": "failed", "result": _reason(failure)}


def _reason(error: ValueError | Failure) -> str:
    if isinstance(error, Failure):
        return error.message or error.code.replace("_", " ").lower()
    return str(error)


def _find(actions: Actions, action_id: str) -> Action:
    for action in actions:
        if action.get("id") == action_id:
            return action
    raise Failure("ACTION_NOT_FOUND")
