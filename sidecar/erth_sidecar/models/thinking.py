"""Keeps what a model thinks aloud out of its answer."""

_BEGIN, _END = "<think>", "</think>"


class Thinking:
    """Takes `<think>…</think>` off the start of a text that comes in pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    @property
    def going_on(self) -> bool:
        """Whether the model is thinking now."""
        return self._state == "inside"

    def feed(self, piece: str) -> str:
        """What of the text up to this piece is answer and wasn't given yet."""
        if self._state == "answer":
            return piece
        self._held += piece
        if self._state == "start":
            text = self._held.lstrip()
            if text.startswith(_BEGIN):
                self._state, self._held = "inside", text[len(_BEGIN) :]
            elif _BEGIN.startswith(text):
                return ""
            else:
                return self._answer(self._held)
        thought, end, rest = self._held.partition(_END)
        if not end:
            # Only what may be the first part of the end has to be kept.
            self._held = thought[-len(_END) :]
            return ""
        return self._answer(rest.lstrip())

    def end(self) -> str:
        """What was held back at the end of the text; thoughts aren't."""
        held, self._held = self._held, ""
        return held if self._state == "start" else ""

    def _answer(self, text: str) -> str:
        if text:
            self._state = "answer"
        else:
            # Blank lines behind the thoughts belong to them.
            self._state = "start"
        self._held = ""
        return text
