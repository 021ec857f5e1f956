"""The screen Notes."""

from erth_sidecar.pages.notes.screen import register

__all__ = ["register"]
