"""Bytes to text, whatever encoding they are in."""

import codecs
import re

from erth_sidecar.errors import Failure
from erth_sidecar.parsing.kinds import is_text, wide

_SAMPLE = 100_000
"""Bytes that an encoding is guessed from."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{1,30})", re.IGNORECASE)
# Not each codec that Python knows: some aren't encodings of documents at all.
_NAMED = re.compile(
    "(?:utf-?(?:8|16(?:le|be)?)|us-ascii|iso-?8859-[0-9]+|windows-[0-9]+|koi8-[ru]|shift[_-]jis"
    "|euc-(?:jp|kr)|gb(?:k|2312|18030)|big5(?:-hkscs)?|iso-2022-jp|macintosh)"
)
_WRONG = "\N{REPLACEMENT CHARACTER}"
# All but tab and line ends would show as nothing, or move what is shown.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")


def decode(data: bytes, html: bool = False) -> tuple[str, bool]:
    """The text, with "\\n" at line ends, and whether each character of it was readable.

    Raises Failure `FILE_UNSUPPORTED` if it isn't text.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _clean(data[len(mark) :].decode(name, "replace"))
    if not is_text(data[:_SAMPLE]):
        raise Failure("FILE_UNSUPPORTED", "It isn't text.")
    if name := wide(data[:_SAMPLE]):
        return _clean(data.decode(name, "replace"))
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    return _clean(data.decode(_guess(data, html), "replace"))


def _guess(data: bytes, html: bool) -> str:
    named = _META.search(data[:2048]) if html else None
    if named:
        name = named[1].decode().lower()
        # As browsers do (WHATWG Encoding §4.2).
        name = {"iso-8859-1": "windows-1252", "us-ascii": "windows-1252"}.get(name, name)
        if _NAMED.fullmatch(name) and _known(name):
            return name
    start = max(0, _first_beyond_ascii(data) - _SAMPLE // 2)
    sample = data[start : start + _SAMPLE]
    if _mostly_utf8(sample):
        return "utf-8"
    # Imported where it is needed: most files are in UTF-8.
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best is not None else "windows-1252"


def _known(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _first_beyond_ascii(data: bytes) -> int:
    found = re.search(rb"[\x80-\xff]", data)
    return found.start() if found else 0


def _mostly_utf8(sample: bytes) -> bool:
    """Whether it is UTF-8 with a few broken places."""
    text = sample.decode("utf-8", "replace")
    wrong = text.count(_WRONG)
    letters = sum(1 for letter in text if letter > "\x7f") - wrong
    return letters > wrong * 4


def _clean(text: str) -> tuple[str, bool]:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", "\n")
    whole = _WRONG not in text
    return _CONTROLS.sub(_WRONG, text), whole
