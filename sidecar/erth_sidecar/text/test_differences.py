import random

import pytest

from erth_sidecar.text.differences import CONTEXT, MOST, compare, shared_end, shared_start


def only(html: str, tag: str) -> list[str]:
    return [part.partition(f"</{tag}>")[0] for part in html.split(f"<{tag}>")[1:]]


@pytest.mark.parametrize(
    ("here", "other", "want"),
    [
        ("a b c", "a x c", "a <del>b</del><ins>x</ins> c"),
        ("Salt.\n", "Salt and time.\n", "Salt<ins> and time</ins>.\n"),
        ("今天下午开会", "今天上午开会", "今天<del>下</del><ins>上</ins>午开会"),
        ("", "new", "<ins>new</ins>"),
        ("a\nb\nc", "a\nc", "a\n<del>b\n</del>c"),
        ("x\n\ny", "x\ny", "x\n<del>↵\n</del>y"),
        ("same", "same", ""),
        ("<b>&", "<i>&", "&lt;<del>b</del><ins>i</ins>&gt;&amp;"),
    ],
)
def test_words_that_differ_are_marked(here: str, other: str, want: str) -> None:
    assert str(compare(here, other)) == want


def test_what_is_wholly_different_is_not_torn_into_words() -> None:
    html = compare("The hotel is in Mitte.", "Bring bread and some old cheese")
    assert only(html, "ins") == ["Bring bread and some old cheese"]
    assert only(html, "del") == ["The hotel is in Mitte."]


def test_long_stretches_that_are_the_same_are_cut() -> None:
    lines = "".join(f"line {at}\n" for at in range(2000))
    html = compare(lines, lines.replace("line 1000\n", "line one thousand\n"))
    assert "one thousand" in html
    assert html.count('<span class="gap">') == 2
    assert len(html) < 4 * CONTEXT


def test_a_huge_difference_is_cut() -> None:
    html = compare("a", "b" * (MOST * 3))
    assert len(html) < MOST * 2
    assert f"{MOST * 2} more characters" in html


def test_both_texts_are_in_what_is_shown() -> None:
    """Without what is marked for the other, the text here is left, and the other way round."""
    source = random.Random(7)
    for _ in range(500):
        here = "".join(source.choices("ab \n会", k=source.randint(0, 30)))
        other = list(here)
        for _ in range(source.randint(1, 4)):
            at = source.randint(0, len(other))
            other[at : at + source.randint(0, 2)] = source.choice(["", "a", "\n", "b ", "会"])
        text = "".join(other)
        html = str(compare(here, text)).replace("↵", "") if here != text else here
        assert strip(html, "ins", "del") == here
        assert here == text or strip(html, "del", "ins") == text


def strip(html: str, without: str, unwrapped: str) -> str:
    parts = html.split(f"<{without}>")
    kept = parts[0] + "".join(part.partition(f"</{without}>")[2] for part in parts[1:])
    return kept.replace(f"<{unwrapped}>", "").replace(f"</{unwrapped}>", "")


def test_shared_ends_are_counted() -> None:
    assert (shared_start("abcd", "abxd"), shared_end("abcd", "abxd")) == (2, 1)
    assert (shared_start("", "a"), shared_end("a", "a")) == (0, 1)
