"""What kind of file it is, by its name and its first bytes."""

from pathlib import PurePath

from erth_sidecar.errors import Failure

HEAD = 8192
"""Bytes that are looked at."""
_PDF = b"%PDF-"
_KINDS = {
    "pdf": "pdf",
    "html": "html htm xhtml shtml",
    "markdown": "md markdown mdown mkd mdx",
    "table": "csv tsv tab",
    "json": "json jsonl ndjson geojson ipynb",
    "code": (
        "adb ads asm astro awk bash bat bib c cc cfg clj cljs cmake cmd conf cpp cs css cu cxx d"
        " dart diff dockerfile el elm erl ex exs f f90 fish fs go gradle graphql groovy h hbs hh"
        " hpp hs hxx ini ino java jl js jsx kt kts less lisp lua m makefile mjs ml mli mm nim nix"
        " pas patch php pl pm proto ps1 py pyi r rb rs sass scala scm scss sh sol sql svelte swift"
        " tcl tex toml ts tsx v vb vhd vue xml xsd xsl yaml yml zig zsh"
    ),
    "text": "txt text log rst adoc asciidoc org srt vtt eml",
}
_BY_ENDING = {ending: kind for kind, endings in _KINDS.items() for ending in endings.split()}
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_CONTAINERS = {
    b"PK\x03\x04": "It is an archive, or a document of Word, Excel, PowerPoint or OpenOffice.",
    b"PK\x05\x06": "It is an archive.",
    b"\xd0\xcf\x11\xe0": "It is a document of an older Word, Excel or PowerPoint.",
    b"\x1f\x8b": "It is compressed.",
    b"{\\rtf": "It is a document in Rich Text Format.",
    b"%!PS": "It is a PostScript document.",
}
_MOST_CONTROL = 0.02
"""Share of control characters above which bytes aren't text."""
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))


def kind_of(name: str, head: bytes) -> str:
    """`text`, `markdown`, `html`, `pdf`, `table`, `json` or `code`.

    Raises Failure `FILE_UNSUPPORTED` on what has no text that could be read, `FILE_EMPTY` without a
    byte.
    """
    if not head:
        raise Failure("FILE_EMPTY", "There is nothing in this file.")
    path = PurePath(name.lower())
    kind = _BY_ENDING.get(path.suffix[1:] or path.name, "text")
    # A reader takes rubbish before the header (ISO 32000-1, annex H: within the first 1024 bytes).
    if _PDF in head[:1024] and kind in ("pdf", "text"):
        return "pdf"
    if kind == "pdf":
        return kind
    for magic, what in _CONTAINERS.items():
        if head.startswith(magic):
            raise Failure("FILE_UNSUPPORTED", what)
    if not is_text(head):
        raise Failure("FILE_UNSUPPORTED", "It isn't text.")
    return kind


def is_text(head: bytes) -> bool:
    """Whether bytes may be text in some encoding."""
    if head.startswith(_BOMS) or wide(head):
        return True
    controls = len(head) - len(head.translate(None, _CONTROL))
    return controls <= len(head) * _MOST_CONTROL


def wide(head: bytes) -> str:
    """The UTF-16 that bytes without a mark seem to be in, or an empty text."""
    half = len(head) // 2
    zeros = [head[0::2].count(0), head[1::2].count(0)]
    if not half or max(zeros) < half * 0.4 or min(zeros) > half * 0.05:
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
