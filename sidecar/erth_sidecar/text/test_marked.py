"""Where a passage of a note's source shows in what is rendered of it."""

import re

from erth_sidecar.text import marked
from erth_sidecar.text.markdown import LONGEST

NOTE = """# Bread

Flour and water.
Salt *and
patience* too.

- knead
- rest

```sh
oven --on
```

| a | b |
|---|---|
| 1 | 2 |
"""


def _marked(text: str, words: str) -> list[str]:
    at = text.index(words)
    html = marked.render(text, at, at + len(words))
    assert html.count("autofocus") == 1
    found = re.findall(r'<(mark|section) class="sought"[^>]*>(.*?)</\1>', html, re.DOTALL)
    return [re.sub("<[^>]*>", "", words).strip() for _, words in found]


def test_a_line_of_a_paragraph_is_marked_alone() -> None:
    assert _marked(NOTE, "Flour") == ["Flour and water."]


def test_a_line_that_ends_within_bold_words_is_marked_to_their_end() -> None:
    assert _marked(NOTE, "Salt") == ["Salt and\npatience"]


def test_a_passage_over_blocks_marks_each_of_them() -> None:
    assert _marked(NOTE, NOTE[NOTE.index("Flour") : NOTE.index("rest") + 4]) == [
        "Flour and water.\nSalt and\npatience too.",
        "knead",
        "rest",
    ]


def test_code_and_rows_of_tables_are_marked() -> None:
    assert "oven --on" in _marked(NOTE, "oven")[0]
    assert _marked(NOTE, "| 1 | 2 |") == ["1", "2"]
    assert _marked(NOTE, "Bread") == ["Bread"]


def test_html_in_the_source_stays_text() -> None:
    html = marked.render("a <script>x</script> b", 0, 22)
    assert "<script" not in html and "&lt;script" in html


def test_what_is_too_long_to_render_is_marked_as_it_is() -> None:
    text = "x" * LONGEST + "\nfar <away>\nend"
    at = text.index("far")
    html = marked.render(text, at, at + 10)
    assert '<mark class="sought" tabindex="-1" autofocus>far &lt;away&gt;</mark>' in html


def test_a_place_beyond_the_text_marks_nothing() -> None:
    assert "sought" not in marked.render("short", 900, 950)
