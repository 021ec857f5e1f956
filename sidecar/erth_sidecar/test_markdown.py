import pytest

from erth_sidecar.markdown import render


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
