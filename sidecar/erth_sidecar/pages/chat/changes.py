"""Changes to a conversation beside asking on: edits, deletions, settings, permissions; each of what
was said can be taken back."""

from erth_sidecar.chat import messages, threads
from erth_sidecar.chat.messages import RUNNING
from erth_sidecar.errors import Failure
from erth_sidecar.models.known import QUOTE
from erth_sidecar.pages.chat.view import Place
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Answer, Request, json_answer
from erth_sidecar.store.database import Transaction


def register(app: App, place: Place) -> None:
    """Registers these changes at a place."""
    changes = _Changes(place)
    thread = f"/{place.at}/:id"
    message, answer = f"{thread}/messages/:message", f"{thread}/answers/:answer"
    app.get(message, changes.one)
    for path, change in (
        (f"{thread}/edit", changes.edit),
        (f"{thread}/unedit", changes.unedit),
        (f"{thread}/star", changes.star),
        (f"{thread}/settings", changes.settle),
        (f"{message}/delete", changes.delete),
        (f"{message}/restore", changes.restore),
        (f"{message}/answer", changes.answer),
        (f"{answer}/regenerate", changes.regenerate),
        (f"{answer}/actions/:action", changes.decide),
        (f"{answer}/actions/:action/undo", changes.undo),
    ):
        app.post(path, change, place.store)


def check_model(place: Place, ref: str | None) -> None:
    """Raises Failure `MODEL_NOT_FOUND` unless there is that model; "" and None stand for none."""
    if ref and ref != QUOTE:
        place.assistant.choose(ref)


class _Changes:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._runner = place.runner

    def one(self, request: Request) -> Answer:
        """`GET chat/ID/messages/MID`: one message as it is stored, for scripts."""
        params = request.params
        return json_answer(
            messages.get(self._place.store, params["id"], params["message"]).to_json()
        )

    def edit(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/edit` `message, question`: the question and what follows are replaced."""
        id_, fields = request.params["id"], request.fields()
        message_id = request.text("message", fields)
        if messages.get(transaction, id_, message_id).role != "user":
            raise Failure("MESSAGE_NOT_FOUND", "Only a question can be written anew.")
        moment = self._drop(transaction, id_, message_id)
        asked_id = messages.ask(transaction, id_, request.text("question", fields))
        answer_id = self._runner.ask(transaction, id_, asked_id)
        if request.wants_json:
            made = {"message_id": asked_id, "answer_id": answer_id, "moment": moment}
            return json_answer(made, 201)
        return self._replaced(request, transaction, moment, "The question is replaced.")

    def regenerate(self, request: Request, transaction: Transaction) -> Answer:
        """`POST …/regenerate`: replaces the last answer."""
        id_, old = request.params["id"], request.params["answer"]
        threads.get(transaction, id_)
        answer = messages.get(transaction, id_, old)
        if answer.state == RUNNING:
            raise Failure("ANSWER_RUNNING")
        before = messages.before(transaction, id_, old, 1).messages
        if not messages.is_last(transaction, id_, old) or not before or before[0].role != "user":
            raise Failure("ANSWER_NOT_FOUND", "Only the last answer can be written anew.")
        moment = self._drop(transaction, id_, old)
        answer_id = self._runner.ask(transaction, id_, before[0].id)
        if request.wants_json:
            return json_answer({"answer_id": answer_id, "moment": moment}, 201)
        if not answer.body:
            return self._thread(request, transaction)
        return self._replaced(request, transaction, moment, "The answer is written anew.")

    def answer(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/messages/MID/answer`: answers a last question that has no answer."""
        id_, message_id = request.params["id"], request.params["message"]
        threads.get(transaction, id_)
        question = messages.get(transaction, id_, message_id)
        if question.role != "user" or not messages.is_last(transaction, id_, message_id):
            raise Failure("MESSAGE_NOT_FOUND", "Only the last question can be answered anew.")
        answer_id = self._runner.ask(transaction, id_, message_id)
        if request.wants_json:
            return json_answer({"answer_id": answer_id}, 201)
        return self._thread(request, transaction)

    def unedit(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/unedit` `moment`: takes an edit, or an answer written anew, back."""
        id_, moment = request.params["id"], request.text("moment", request.fields())
        self._end_running(transaction, id_)
        messages.bring_back(transaction, id_, moment)
        if request.wants_json:
            return json_answer(threads.get(transaction, id_).to_json())
        answer = self._place.opened(request, transaction, id_)
        answer.body += self._place.render("toast_gone.html", id=_mark(moment))
        return answer

    def star(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/star` `starred=0|1`."""
        id_ = request.params["id"]
        starred = str(request.fields().get("starred", "")).lower()
        if starred not in ("0", "1", "true", "false"):
            raise Failure("BAD_REQUEST", f"'starred' must be 0 or 1: value is '{starred[:20]}'")
        threads.change(transaction, id_, starred=starred in ("1", "true"))
        if request.wants_json:
            return json_answer(threads.get(transaction, id_).to_json())
        return self._thread(request, transaction)

    def settle(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/settings` `model?, system?, overflow?, retry?`; `retry`: the answer that
        is to be written anew with them."""
        id_, fields = request.params["id"], request.fields()
        given = {
            name: request.text(name, fields)
            for name in ("model", "system", "overflow")
            if name in fields
        }
        if given.get("model") != threads.get(transaction, id_).model:
            check_model(self._place, given.get("model"))
        threads.settle(transaction, id_, threads.Settings(**given))
        if retry := request.text("retry", fields):
            request.params = {**request.params, "answer": retry}
            return self.regenerate(request, transaction)
        if request.wants_json:
            return json_answer(threads.get(transaction, id_).to_json())
        return self._thread(request, transaction)

    def delete(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/messages/MID/delete`: answers with the toast that takes it back."""
        id_, message_id = request.params["id"], request.params["message"]
        threads.get(transaction, id_)
        messages.mark(transaction, id_, message_id, deleted=True)
        if request.wants_json:
            return json_answer({"id": message_id})
        undo = f"{self._place.at}/{id_}/messages/{message_id}/restore"
        toast = {"id": message_id, "words": "The message is deleted.", "undo": undo, "values": ""}
        return Answer(self._place.render("toast_undo.html", **toast))

    def restore(self, request: Request, transaction: Transaction) -> Answer:
        """`POST chat/ID/messages/MID/restore`: shows it where it stands."""
        id_, message_id = request.params["id"], request.params["message"]
        messages.mark(transaction, id_, message_id, deleted=False)
        if request.wants_json:
            return json_answer(messages.get(transaction, id_, message_id).to_json())
        answer = self._place.opened(request, transaction, id_, message_id)
        answer.body += self._place.render("toast_gone.html", id=message_id)
        return answer

    def decide(self, request: Request, transaction: Transaction) -> Answer:
        """`POST …/actions/XID` `choice=once|always|no`: the permission that was asked for."""
        choice = request.text("choice", request.fields())
        params = request.params
        progress = self._runner.decide(
            transaction, params["id"], params["answer"], params["action"], choice
        )
        if request.wants_json:
            return json_answer(progress.to_json())
        return self._thread(request, transaction)

    def undo(self, request: Request, transaction: Transaction) -> Answer:
        """`POST …/actions/XID/undo`: takes back what a tool did."""
        params = request.params
        progress = self._runner.undo(transaction, params["id"], params["answer"], params["action"])
        if request.wants_json:
            return json_answer(progress.to_json())
        return self._thread(request, transaction)

    def _drop(self, transaction: Transaction, id_: str, message_id: str) -> str:
        self._end_running(transaction, id_)
        return messages.drop_from(transaction, id_, message_id)

    def _end_running(self, transaction: Transaction, id_: str) -> None:
        """What is being written stays, as far as it came, among the messages."""
        if answer_id := messages.running(transaction, id_):
            self._runner.stop(transaction, id_, answer_id)

    def _thread(self, request: Request, transaction: Transaction) -> Answer:
        thread = threads.get(transaction, request.params["id"])
        return self._place.page(request, transaction, thread)

    def _replaced(
        self, request: Request, transaction: Transaction, moment: str, words: str
    ) -> Answer:
        answer = self._thread(request, transaction)
        undo = f"{self._place.at}/{request.params['id']}/unedit"
        toast = {"id": _mark(moment), "words": words, "undo": undo, "values": {"moment": moment}}
        answer.body += self._place.render("toast_undo.html", **toast)
        return answer


def _mark(moment: str) -> str:
    """A moment as a part of an element's id."""
    return "".join(c for c in moment if c.isalnum())
