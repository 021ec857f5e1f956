"""Conversations: the screen Chat."""

from erth_sidecar.pages.chat.screen import register

__all__ = ["register"]
