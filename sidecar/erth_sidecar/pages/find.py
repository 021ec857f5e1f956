"""What Ctrl+K finds: notes, threads and commands.

- `find.html`: `q`; `notes`: list of Note (`id`, `name`, `title_html`, `snippet_html`); `threads`:
  list of Thread (`id`, `name`); `commands`: list of Command (`title`, `href`, `keys`,
  `method`: `get` or `post`).
"""

from dataclasses import asdict, dataclass

from erth_sidecar import notes, threads
from erth_sidecar.app import App
from erth_sidecar.web import Answer, Request, json_answer

MOST = 8
"""Hits of one kind."""


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
    Command("Chat", "chat"),
    Command("Mirror", "mirror"),
    Command("Status", "status"),
)


def register(app: App) -> None:
    """Registers `GET find?q=`."""

    def find(request: Request) -> Answer:
        words = request.query("q").strip()
        found = notes.find(app.store, words, size=MOST).notes
        listed = threads.listed(app.store, words, MOST)
        commands = [command for command in COMMANDS if words.lower() in command.title.lower()]
        if request.wants_json:
            return json_answer(
                {
                    "notes": [note.to_json() for note in found],
                    "threads": [thread.to_json() for thread in listed],
                    "commands": [asdict(command) for command in commands],
                }
            )
        return Answer(
            app.views.render("find.html", q=words, notes=found, threads=listed, commands=commands)
        )

    app.get("/find", find)
