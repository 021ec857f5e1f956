import pytest

from erth_sidecar.agent.citing import cite
from erth_sidecar.agent.prompt import plain
from erth_sidecar.chat.engines import Passage

PASSAGES = [
    Passage("note", f"n{i}", f"Note {i}", "text", 0, 4)
    if i < 3
    else Passage("file", "f", "F", "t", 5, 9)
    for i in range(1, 4)
]
ONE, TWO, FILE = (passage.link for passage in PASSAGES)


@pytest.mark.parametrize(
    ("body", "linked"),
    [
        ("It is so [2].", f"It is so [\\[1\\]]({TWO})."),
        (
            "So [2], so [1], so [2].",
            f"So [\\[1\\]]({TWO}), so [\\[2\\]]({ONE}), so [\\[1\\]]({TWO}).",
        ),
        ("So.[1][3]", f"So.[\\[1\\]]({ONE})[\\[2\\]]({FILE})"),
        ("So [1, 3].", f"So [\\[1\\]]({ONE})[\\[2\\]]({FILE})."),
        ("So【2†source】.", f"So[\\[1\\]]({TWO})."),
        (
            "`a[1]` and [1]\n```\nx[1]\n```\n[1]",
            f"`a[1]` and [\\[1\\]]({ONE})\n```\nx[1]\n```\n[\\[1\\]]({ONE})",
        ),
    ],
)
def test_numbers_become_links(body: str, linked: str) -> None:
    assert cite(body, PASSAGES)[0] == linked


@pytest.mark.parametrize(
    "body", ["No.", "[4]", "[0]", "[1](x)", "[1]: x", "\\[1]", "```\n[1]", "[1, 9]"]
)
def test_what_names_no_source_stays(body: str) -> None:
    text, citations = cite(body, PASSAGES)
    assert text == body
    assert [one["cited"] for one in citations] == [False] * 3


def test_only_what_is_named_is_cited_in_the_order_of_its_numbers() -> None:
    _, citations = cite("So [3], and [1].", PASSAGES)
    assert [(one["link"], one["number"]) for one in citations] == [(FILE, 3), (ONE, 1)]
    assert all("cited" not in one for one in citations)


def test_later_turns_see_the_text_without_links() -> None:
    assert plain(cite("So [3], and [1].", PASSAGES)[0]) == "So , and ."


@pytest.mark.parametrize("body", ["`" * 400_000, "x\n" + "`" * 400_000, "[1†" * 130_000])
def test_a_model_that_loops_holds_nobody_up(body: str) -> None:
    # In steps that grow with the square of it, each would take a quarter of an hour.
    assert cite(body, [])[0] == body
