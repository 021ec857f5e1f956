"""What becomes of HTML, tables and JSON."""

from collections.abc import Iterator

import pytest

from erth_sidecar.parsing import html, table
from erth_sidecar.parsing.parts import Incomplete, Part


def _text(parts: Iterator[Part]) -> str:
    return "".join(part.text for part in parts)


def test_html_keeps_blocks_and_leaves_out_what_isnt_shown() -> None:
    page = """<html><head><title>Bread</title><style>p{}</style><script>bad()</script></head><body>
    <h1>Rye</h1><p>Flour, <b>water</b>\n and   salt.<br>Wait.</p><!-- hidden -->
    <ul><li>knead<li>rest</ul><p hidden>secret <p>not</p></p><template>no</template>
    <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>
    <pre>x\n  y</pre><p>&auml;&#x1F600;&lt;script&gt;</p><img alt="a loaf"></body>"""
    assert [line.rstrip() for line in _text(html.read(page)).splitlines()] == [
        "Bread", "", "Rye", "", "Flour, water and salt.", "Wait.", "", "- knead", "- rest", "",
        "a | b", "1 | 2", "", "x", "  y", "", "ä😀<script>", "", "a loaf",
    ]  # fmt: skip


def test_html_split_anywhere_reads_the_same() -> None:
    page = "<p>one &amp; two</p><div>three</div>" * 4000
    text = _text(html.read(page))
    assert text.count("one & two") == 4000 and text.count("three") == 4000


def test_a_row_of_a_table_can_be_understood_alone() -> None:
    text = 'Name;City;Note\nAnna;Köln;"likes; tea"\nBen;;\n'
    assert _text(table.read(text, "people.csv")).splitlines() == [
        "Name; City; Note",
        "Name: Anna; City: Köln; Note: likes; tea",
        "Name: Ben",
    ]


def test_a_table_without_a_head_comes_as_it_is() -> None:
    for text in ("1,2\n3,4\n", "one column\nof words\n", "a,a\n1,2\n"):
        assert _text(table.read(text, "x.csv")) == text


def test_tabs_part_cells_where_the_name_says_so() -> None:
    assert _text(table.read("a\tb\n1,5\t2\n", "x.tsv")).splitlines()[1] == "a: 1,5; b: 2"


def test_a_table_that_is_too_wide_says_so() -> None:
    text = ",".join(f"c{n}" for n in range(900)) + "\n" + ",".join("x" * 900) + "\n"
    with pytest.raises(Incomplete) as missing:
        _text(table.read(text, "wide.csv"))
    assert "500 columns" in missing.value.message


def test_a_quote_that_is_never_closed_loses_nothing() -> None:
    text = 'a,b\n"' + "x," * 1_000_000
    assert _text(table.read(text, "x.csv")) == text
