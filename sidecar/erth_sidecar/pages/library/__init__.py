"""The screen Library."""

from erth_sidecar.pages.library.screen import register

__all__ = ["register"]
