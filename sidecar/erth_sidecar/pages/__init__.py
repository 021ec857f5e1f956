"""Erth's own screens, one module each."""

from pathlib import Path

from erth_sidecar.pages import chat, find, library, notes
from erth_sidecar.retrieval.indexing import Indexer
from erth_sidecar.serve.app import App

TEMPLATES = Path(__file__).parent.parent / "templates"


def register(app: App) -> None:
    """Registers all screens with the app."""
    notes.register(app)
    chat.register(app)
    find.register(app)
    library.register(app)
    app.when_ready.append(Indexer(app.store).start)
