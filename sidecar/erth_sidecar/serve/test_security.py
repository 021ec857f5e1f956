import hashlib
import hmac

import pytest

from erth_sidecar.serve.security import OVERLAP, Tokens, cors, preflight

OLD = "01900000-0000-7000-8000-000000000001." + "o" * 43
NEW = "01900000-0000-7000-8000-000000000002." + "n" * 43
ORIGIN = "http://127.0.0.1:4711"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_only_the_bearer_of_the_token_is_let_in() -> None:
    tokens = Tokens(OLD)
    assert tokens.accepts(f"Bearer {OLD}")
    assert tokens.accepts(f"bearer {OLD}")
    for wrong in (
        None,
        "",
        OLD,
        f"Basic {OLD}",
        f"Bearer {NEW}",
        "Bearer ",
        f"Bearer {OLD}x",
        "Bearer ü",
    ):
        assert not tokens.accepts(wrong)


def test_after_a_rotation_the_old_token_counts_for_a_while() -> None:
    clock = Clock()
    tokens = Tokens(OLD, clock)
    tokens.rotate(NEW)
    assert tokens.accepts(f"Bearer {NEW}")
    assert tokens.accepts(f"Bearer {OLD}")
    clock.now += OVERLAP
    assert tokens.accepts(f"Bearer {NEW}")
    assert not tokens.accepts(f"Bearer {OLD}")


def test_the_proof_of_life_uses_the_current_secret() -> None:
    tokens = Tokens(OLD)
    tokens.rotate(NEW)
    assert tokens.prove("n1") == hmac.new(b"n" * 43, b"n1", hashlib.sha256).hexdigest()


@pytest.mark.parametrize("weak", ["", "abc", "id.", "id.short", "id." + "ü" * 43])
def test_a_weak_token_is_refused(weak: str) -> None:
    with pytest.raises(ValueError):
        Tokens(weak)


def test_only_the_gateway_s_origin_may_read() -> None:
    assert cors(ORIGIN, ORIGIN)["Access-Control-Allow-Origin"] == ORIGIN
    for foreign in (None, "null", "http://127.0.0.1:4712", "http://evil.example", ORIGIN + "/"):
        assert cors(foreign, ORIGIN) == {"Vary": "Origin"}
        assert preflight(foreign, ORIGIN) == {"Vary": "Origin"}
    allowed = preflight(ORIGIN, ORIGIN)
    assert "authorization" in allowed["Access-Control-Allow-Headers"]
    assert "*" not in "".join(allowed.values())
