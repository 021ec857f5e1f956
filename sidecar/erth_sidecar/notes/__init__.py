"""Notes, their edits and conflicts."""
