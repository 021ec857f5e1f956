"""Files to read: PDFs made by hand, and a way to have one read by a real parser process."""

import zlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest

from erth_sidecar.parsing.child import Allowance, Parsed, parse

Read = Callable[..., Parsed]


def pdf_page(*lines: str) -> bytes:
    """The content of a page with these lines."""
    shown = b" ".join(b"(%s) Tj T*" % line.encode("latin-1") for line in lines)
    return b"BT /F1 12 Tf 72 720 Td 14 TL " + shown + b" ET"


def bomb(megabytes: int) -> bytes:
    """Blanks, packed; made of one packed piece again and again, as packing them all takes long."""
    packer = zlib.compressobj()
    first, again = (
        packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    return first + again * (megabytes - 1) + packer.flush()


def pdf(
    contents: Sequence[bytes], *, count: int = 0, kids: bytes = b"", packed: Collection[int] = ()
) -> bytes:
    """A PDF with a page for each content, of which those of the numbers `packed` are packed
    already; `count` and `kids` say something else of the pages."""
    places = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids or places, count or len(contents)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, content in enumerate(contents):
        head = b"<< /Length %d %s>>" % (
            len(content),
            b"/Filter /FlateDecode " * (number in packed),
        )
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        objects.append(head + b"\nstream\n" + content + b"\nendstream")
    out = bytearray(b"%PDF-1.4\n")
    table = b"0000000000 65535 f \n"
    for number, body in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = len(objects) + 1
    out += b"xref\n0 %d\n%strailer << /Size %d /Root 1 0 R >>\n" % (size, table, size)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Has bytes read, as a file of that name."""

    def run(name: str, data: bytes, allowance: Allowance | None = None) -> Parsed:
        path = tmp_path / "original"
        path.write_bytes(data)
        return parse(path, name, allowance=allowance or Allowance())

    return run
