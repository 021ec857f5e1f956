import time

import pytest

from erth_sidecar.text.markdown import LONGEST, render


def test_markdown_is_rendered() -> None:
    html = render("# A\n\n**b** ~~c~~\n\n| x |\n|---|\n| 1 |")
    assert "<h1>A</h1>" in html
    assert "<strong>b</strong>" in html
    assert "<table>" in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](vbscript:x)",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        '[x](https://e.org "\\" onmouseover=\\"alert(1)")',
        "<javascript:alert(1)>",
        "&lt;script&gt;",
    ],
)
def test_nothing_in_a_note_runs(attack: str) -> None:
    html = render(attack).lower()
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert 'href="vbscript' not in html
    assert 'href="data:text' not in html
    assert "<img" not in html
    assert '" onmouseover' not in html


def test_links_to_other_sites_open_outside() -> None:
    html = render("[x](https://example.org)")
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer"' in html
    assert "_blank" not in render("[x](notes/1)")


def test_images_are_links() -> None:
    html = render('![a <b> cat](https://example.org/c.png?a=1&b="2")')
    assert "<img" not in html
    assert ">a &lt;b&gt; cat</a>" in html
    assert 'href="https://example.org/c.png?a=1&amp;b=' in html


def test_deep_nesting_ends() -> None:
    assert render("> " * 5000 + "x")


def test_code_can_be_copied_and_says_its_language() -> None:
    html = render("```py onclick=x\nif a < b:\n```\n\n    indented")
    assert "<span>py</span>" in html
    assert "<code>if a &lt; b:\n</code>" in html
    assert html.count("data-copy") == 2
    assert "onclick" not in html
    assert "<code>half" in render("```\nhalf")


def test_tables_scroll_and_keep_to_the_policy() -> None:
    html = render("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<div class="table"' in html
    assert '<th class="center">' in html
    assert '<td class="right">' in html
    assert "style" not in html


GROWN = """# Title

A *first* paragraph
in two lines.

- one

  more of it
- two

```python
a = 1

b = 2
```

~~~
```

still code
~~~

| a | b |
|---|---|
| 1 | 2 |

The end"""


def test_a_growing_text_ends_as_the_whole_one() -> None:
    assert render(GROWN, growing=True) == render(GROWN)
    for end in range(len(GROWN)):
        assert render(GROWN[:end], growing=True).count("<pre") == render(GROWN[:end]).count("<pre")


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 20_000,
        "![" * 20_000,
        "*a **a " * 5_000,
        "`" * 20_000,
        "> - " * 5_000,
        "".join("  " * depth + "- a\n" for depth in range(500)),
        "|a" * 500 + "|\n" + "|-" * 500 + "|\n" + ("|b" * 500 + "|\n") * 50,
        "```\n" + "x\n" * 20_000,
        "```\n\n" * 5_000,
        "<a " * 20_000,
        "~~a" * 20_000,
        "a\n" * 20_000 + "===",
        "\0\ufeff\u202e" * 1_000,
    ],
)
@pytest.mark.parametrize("growing", [False, True])
def test_hostile_texts_end(hostile: str, growing: bool) -> None:
    begin = time.process_time()
    assert "<script" not in render(hostile, growing=growing)
    # A hundred times what it takes: only a text that costs more than its length is caught.
    assert time.process_time() - begin < 20


def test_what_is_too_long_is_shown_as_it_is() -> None:
    html = render("*a* " * LONGEST)
    assert html.endswith("*a* </p>")
    assert "<em>a</em>" in html


def test_half_a_character_pair_is_no_matter() -> None:
    assert render("\ud83d", growing=True)
