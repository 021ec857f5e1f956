"""Search over what was said: in all conversations, and in one.

- `chat/search/found.html`: `hits`: list of Hit (`chat/recall.py`), `q`, `at`, `thread_id`: ""
  over all; `unsearched`: how many messages aren't searched yet.
  Where a hit stands: `AT/THREAD?at=MESSAGE`.
"""

from erth_sidecar.chat import recall, threads
from erth_sidecar.pages.chat.view import Place
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Answer, Request, json_answer


def register(app: App, place: Place) -> None:
    """Registers `GET chat/search?q=` and `GET chat/ID/search?q=`."""

    def over_all(request: Request) -> Answer:
        words = request.query("q").strip()
        hits = [] if place.temporary else recall.find(place.store, words)
        if request.wants_json:
            named = [] if place.temporary else threads.listed(place.store, words)
            return json_answer(
                {
                    "threads": [thread.to_json() for thread in named],
                    "messages": [hit.to_json() for hit in hits],
                }
            )
        return found(hits, words, "")

    def within(request: Request) -> Answer:
        id_, words = request.params["id"], request.query("q").strip()
        threads.get(place.store, id_)
        look = recall.find_all if place.temporary else recall.find
        hits = look(place.store, words, id_)
        if request.wants_json:
            return json_answer({"messages": [hit.to_json() for hit in hits]})
        return found(hits, words, id_)

    def found(hits: list[recall.Hit], words: str, id_: str) -> Answer:
        later = 0 if place.temporary else recall.unsearched(place.store)
        given = {
            "hits": hits,
            "unsearched": later,
            "q": words,
            "at": place.at,
            "thread_id": id_,
        }
        return Answer(place.render("chat/search/found.html", **given))

    app.get(f"/{place.at}/search", over_all)
    app.get(f"/{place.at}/:id/search", within)
