"""A text on one line."""

import unicodedata


def one_line(text: str, most: int) -> str:
    """The text on one line, composed (NFC), at most so many characters long."""
    return " ".join(unicodedata.normalize("NFC", text).split())[:most]
