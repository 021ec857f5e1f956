import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.models.process import Order

FIELDS = {"path": "/m/x.gguf", "key": "secret", "context": 512, "slots": 2, "threads": 4}
LATE = 20


def line(**fields: Any) -> bytes:
    return json.dumps(FIELDS | fields).encode() + b"\n"


def run(given: bytes) -> tuple[int, list[dict[str, Any]], str]:
    """What the process ends with and says, should it get this on an input that stays open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "erth_sidecar", "model"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(given)
        process.stdin.flush()
        if not given:
            process.stdin.close()
        lines = [json.loads(said) for said in process.stdout]
        errors = process.stderr.read().decode()
        return process.wait(LATE), lines, errors


def test_an_order_is_read() -> None:
    order = Order.parse(line(files=["/m/x.gguf", "/m/y.gguf"], library="/l"))
    assert (order.path, order.files, order.library) == (
        "/m/x.gguf",
        ("/m/x.gguf", "/m/y.gguf"),
        "/l",
    )
    assert (order.context, order.slots, order.threads) == (512, 2, 4)
    assert Order.parse(line()).files == ("/m/x.gguf",)
    assert "secret" not in repr(order)


@pytest.mark.parametrize(
    "bad", [b"{", b"[]", line(path=""), line(key=3), line(context=0), line(slots=True)]
)
def test_anything_else_is_refused_without_quoting_it(bad: bytes) -> None:
    with pytest.raises(ValueError) as caught:
        Order.parse(bad)
    assert "secret" not in str(caught.value)


def test_without_a_shell_it_ends() -> None:
    assert run(b"") == (0, [], "")


def test_a_file_that_is_gone_is_a_reason() -> None:
    status, lines, errors = run(line())
    assert status == 1
    assert lines[-1]["event"] == "fatal"
    assert "/m/x.gguf" in lines[-1]["message"]
    assert "secret" not in errors


def test_what_llama_cpp_finds_wrong_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF, or so it says; but what follows makes no sense")
    status, lines, errors = run(line(path=str(path)))
    assert status == 1
    assert [said for said in lines if "event" in said] == [lines[-1]]
    assert lines[-1]["code"] == "MODEL_REFUSED"
    assert lines[0] == {"progress": 0}
    assert "gguf_init" in errors


def test_the_program_imports_little_for_another_part() -> None:
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "erth_sidecar", "model"],
        input=b"",
        capture_output=True,
        timeout=LATE,
        check=True,
    ).stderr.decode()
    for heavy in ("xllamacpp", "libsql", "robyn", "jinja2", "asyncio"):
        assert f" {heavy}\n" not in said
