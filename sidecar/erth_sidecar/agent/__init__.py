"""Answers from the user's own notes and files."""
