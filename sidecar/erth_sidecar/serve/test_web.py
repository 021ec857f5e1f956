import json
from typing import Any

import pytest

from erth_sidecar.errors import Failure
from erth_sidecar.serve.web import MAX_BODY, Request, event
from erth_sidecar.text.one_line import one_line


def request(body: str | bytes = "", content_type: str = "", **queries: str) -> Request:
    lists = {name: [value] for name, value in queries.items()}
    headers = {"content-type": content_type, "hx-target": "main#main"}
    return Request("POST", "/x", headers, queries=lists, body=body)


def test_a_form_is_decoded() -> None:
    fields = request("title=M%C3%BCller+%26+S%C3%B6hne&body=a%0D%0Ab&empty=").fields()
    assert fields == {"title": "Müller & Söhne", "body": "a\nb", "empty": ""}


def test_a_json_object_is_read() -> None:
    sent = {"title": "会\0议", "tags": ["a", "b"]}
    fields = request(json.dumps(sent), "application/json; charset=utf-8").fields()
    assert fields == {"title": "会\N{REPLACEMENT CHARACTER}议", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("title=%ff", ""),
        (b"\xff", ""),
        ("&".join("a=1" for _ in range(200)), ""),
        ("{", "application/json"),
        ("[]", "application/json"),
        ('{"title":"\\ud800"}', "application/json"),
        ("[" * 100_000, "application/json"),
    ],
)
def test_what_cannot_be_understood_is_a_bad_request(body: Any, content_type: str) -> None:
    with pytest.raises(Failure) as caught:
        request(body, content_type).fields()
    assert caught.value.code == "BAD_REQUEST"


def test_a_huge_body_is_too_large() -> None:
    with pytest.raises(Failure) as caught:
        request("a" * (MAX_BODY + 1)).fields()
    assert caught.value.code == "BODY_TOO_LARGE"


def test_queries_are_decoded() -> None:
    asked = request(q="Stra%C3%9Fe+1", page="3")
    assert asked.query("q") == "Straße 1"
    assert asked.query("none") == ""
    assert asked.number("page", 0, 10) == 3
    assert asked.number("none", 7, 10) == 7


@pytest.mark.parametrize("bad", ["-1", "11", "1e3", "x", "9" * 30, "%C2%B2"])
def test_numbers_have_bounds(bad: str) -> None:
    with pytest.raises(Failure):
        request(page=bad).number("page", 0, 10)


def test_a_text_must_be_one() -> None:
    with pytest.raises(Failure):
        request().text("title", {"title": 3})


def test_the_target_is_the_id_htmx_names() -> None:
    assert request().target == "main"
    assert Request("GET", "/", {}).target == ""


def test_an_event_is_one_block() -> None:
    assert event("delta", "a\nb", 4) == 'event: delta\nid: 4\ndata: "a\\nb"\n\n'
    assert one_line("  a \n b ", 9) == "a b"
