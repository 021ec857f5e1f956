"""PDF to text, page by page, with pdfium."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from erth_sidecar.errors import Failure
from erth_sidecar.parsing.limits import MAX_PAGES
from erth_sidecar.parsing.parts import Incomplete, Part

_PASSWORD = 4
"""`FPDF_ERR_PASSWORD` of fpdfview.h."""
_SECURITY = 5
# pdfium marks a hyphen at the end of a line, which the word doesn't have, with one of these.
_HYPHEN = re.compile("[\x02\ufffe]\\s?")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufeff\uffff]")
_BLANKS = re.compile(r"[ \t\xa0]*\n")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}
)


def read(path: Path) -> Iterator[Part]:
    """The text of each page; pages are parted by a blank line.

    Raises Failure `FILE_ENCRYPTED`, `FILE_DAMAGED` or `FILE_EMPTY`, or Incomplete.
    """
    # Imported where it is needed: it loads 8 MB of pdfium.
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (_PASSWORD, _SECURITY):
            raise Failure("FILE_ENCRYPTED") from None
        raise Failure("FILE_DAMAGED", "It isn't a whole PDF.") from None
    pages = min(len(document), MAX_PAGES)
    unread, empty = 0, True
    for number in range(pages):
        text = _page(document, number, pypdfium2.PdfiumError)
        unread += text is None
        if text and not empty:
            yield Part("\n\n", number / pages)
        empty = empty and not text
        yield Part(text or "", (number + 1) / pages, page=True)
    if unread == pages:
        raise Failure("FILE_DAMAGED", "None of its pages can be read.")
    if empty:
        raise Failure("FILE_EMPTY", "Its pages hold pictures, but no text.")
    if len(document) > MAX_PAGES:
        raise Incomplete("FILE_TOO_LARGE", f"Only its first {MAX_PAGES:,} pages were read.")
    if unread:
        raise Incomplete("FILE_DAMAGED", f"{unread} of its {pages} pages can't be read.")


def _page(document: Any, number: int, error: type[Exception]) -> str | None:
    """The text of a page; None if it can't be read."""
    try:
        page = document[number]
        try:
            words = page.get_textpage()
            try:
                return _clean(words.get_text_bounded())
            finally:
                words.close()
        finally:
            page.close()
    except error:
        return None


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _HYPHEN.sub("", text).translate(_LIGATURES)
    return _BLANKS.sub("\n", _CONTROLS.sub(" ", text)).strip()
