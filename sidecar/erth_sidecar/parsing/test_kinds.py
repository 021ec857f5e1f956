"""What is read as what, and what isn't read at all."""

import pytest

from erth_sidecar.errors import Failure
from erth_sidecar.parsing.kinds import kind_of


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("Notes.TXT", b"text", "text"),
        ("readme.md", b"# x", "markdown"),
        ("page.HTM", b"<p>", "html"),
        ("table.csv", b"a,b", "table"),
        ("data.json", b"{}", "json"),
        ("main.rs", b"fn main() {}", "code"),
        ("Makefile", b"all:", "code"),
        ("LICENSE", b"MIT", "text"),
        ("strange.xyz", b"but text", "text"),
        ("wide.txt", "Hello".encode("utf-16"), "text"),
        ("wide.txt", "Hello wide".encode("utf-16-le"), "text"),
        ("a.pdf", b"%PDF-1.4", "pdf"),
        ("report", b"\r\n%PDF-1.7", "pdf"),
        ("howto.md", b"A file begins with %PDF-1.7", "markdown"),
    ],
)
def test_the_kind_is_told_by_name_and_content(name: str, head: bytes, kind: str) -> None:
    assert kind_of(name, head) == kind


@pytest.mark.parametrize(
    ("name", "head", "code"),
    [
        ("a.txt", b"", "FILE_EMPTY"),
        ("photo.jpg", bytes(range(256)), "FILE_UNSUPPORTED"),
        ("notes.txt", bytes(100), "FILE_UNSUPPORTED"),
        ("letter.docx", b"PK\x03\x04" + b"word" * 20, "FILE_UNSUPPORTED"),
        ("renamed.txt", b"PK\x03\x04" + b"word" * 20, "FILE_UNSUPPORTED"),
        ("log.gz", b"\x1f\x8b\x08text", "FILE_UNSUPPORTED"),
    ],
)
def test_what_has_no_text_is_refused(name: str, head: bytes, code: str) -> None:
    with pytest.raises(Failure) as failure:
        kind_of(name, head)
    assert failure.value.code == code
