"""What Ctrl+K finds: notes, threads, files, what was said, and commands.

- `find.html`: `q`; `notes`: list of Note (`id`, `name`, `title_html`, `snippet_html`); `threads`:
  list of Thread (`id`, `name`); `hits`: list of Hit (`chat/recall.py`); `files`: list of
  File; `commands`: list of Command (`title`, `href`, `keys`, `method`: `get` or `post`).
"""

from dataclasses import asdict, dataclass

from erth_sidecar.chat import recall, threads
from erth_sidecar.library import files
from erth_sidecar.notes import notes
from erth_sidecar.serve.app import App
from erth_sidecar.serve.web import Answer, Request, json_answer

MOST = 8
"""Hits of one kind."""
MOST_SAID = 5
"""Messages, as titles come first."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do, by an address relative to the app's."""

    title: str
    href: str
    keys: str = ""
    method: str = "get"


COMMANDS = (
    Command("New note", "notes", "Ctrl+N", "post"),
    Command("Notes", "notes"),
    Command("New conversation", "chat", method="post"),
    Command("Temporary conversation", "temporary"),
    Command("Chat", "chat"),
    Command("Library", "library"),
    Command("Models", "models"),
    Command("Mirror", "mirror"),
    Command("Status", "status"),
)


def register(app: App) -> None:
    """Registers `GET find?q=`."""

    def find(request: Request) -> Answer:
        words = request.query("q").strip()
        found = notes.find(app.store, words, size=MOST).notes
        listed = threads.listed(app.store, words, MOST)
        kept = files.find(app.store, words, size=MOST).files
        hits = recall.find(app.store, words, most=MOST_SAID)
        commands = [command for command in COMMANDS if words.lower() in command.title.lower()]
        if request.wants_json:
            return json_answer(
                {
                    "notes": [note.to_json() for note in found],
                    "threads": [thread.to_json() for thread in listed],
                    "files": [file.to_json() for file in kept],
                    "messages": [hit.to_json() for hit in hits],
                    "commands": [asdict(command) for command in commands],
                }
            )
        given = {"notes": found, "threads": listed, "files": kept, "hits": hits}
        return Answer(app.views.render("find.html", q=words, commands=commands, **given))

    app.get("/find", find)
