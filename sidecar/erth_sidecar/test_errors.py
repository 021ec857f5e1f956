import json
from pathlib import Path

import pytest

from erth_sidecar.errors import Catalogue, Failure


def test_every_error_has_the_one_shape() -> None:
    path = Path(__file__).parents[2] / "errors.json"
    catalogue = Catalogue.load(str(path))
    for code in json.loads(path.read_text("utf-8")):
        shown = json.loads(catalogue.describe(Failure(code)).to_json())
        assert list(shown) == ["error"]
        assert list(shown["error"]) == ["code", "message", "hint", "recoverable"]


def test_a_failure_can_name_its_cause() -> None:
    shown = Catalogue.load(None).describe(Failure("BAD_REQUEST", "'page' must be a number."))
    assert (shown.message, shown.status) == ("'page' must be a number.", 400)


def test_an_unlisted_code_is_internal() -> None:
    assert Catalogue.load(None).describe(Failure("NO_SUCH_CODE")).code == "INTERNAL"


def test_a_missing_path_falls_back() -> None:
    assert Catalogue.load("/nowhere/errors.json").describe(Failure("NOT_FOUND")).status == 404


def test_codes_in_the_source_are_listed() -> None:
    here = Path(__file__).parent
    listed = json.loads((here.parents[1] / "errors.json").read_text("utf-8"))
    sources = [p for p in here.rglob("*.py") if not p.name.startswith("test_")]
    import re

    used = {
        c for p in sources for c in re.findall(r'Failure\(\s*"([A-Z_]+)"', p.read_text("utf-8"))
    }
    assert used
    assert used <= set(listed)


@pytest.mark.parametrize("code", ["STORE_FULL", "STORE_BUSY"])
def test_hints_say_that_nothing_is_lost(code: str) -> None:
    assert Catalogue.load(None).describe(Failure(code)).recoverable
