"""Real parser processes, with files as people have them, and with hostile ones.

What a reading may take is set lower than in earnest, so that the limits are met soon.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from erth_sidecar.parsing import child
from erth_sidecar.parsing.child import Allowance, command, parse
from erth_sidecar.parsing.conftest import Read, bomb, pdf, pdf_page
from erth_sidecar.parsing.limits import MAX_CHARACTERS, MAX_PAGES

LITTLE = Allowance(cpu=1, wall=20.0, memory=500_000_000)

# No password that would be tried makes these 32 bytes (ISO 32000-1, 7.6.3.4).
LOCKED = pdf([pdf_page("secret")]).replace(
    b"/Root",
    b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>] /Root"
    % (b"41" * 32, b"42" * 32),
)


def test_a_pdf_is_read_page_by_page(read: Read) -> None:
    parsed = read("a.pdf", pdf([pdf_page("Hello world", "of pages"), b"", pdf_page("Third")]))
    assert (parsed.text, parsed.pages) == ("Hello world\nof pages\n\nThird", [0, 20, 22])
    assert (parsed.code, parsed.killed) == (None, False)


def test_text_is_read_whatever_its_kind(read: Read) -> None:
    assert read("a.txt", "Grüße\r\n".encode("utf-16")).text == "Grüße\n"
    assert read("a.csv", b"a,b\n1,2\n").text == "a; b\na: 1; b: 2"
    assert read("a.html", b"<p>x<script>y</script>").text == "x"
    assert read("a.json", b'{"a":[' + b"1," * 300 + b"1]}").text.startswith('{\n "a": [\n  1,')


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(pdf([pdf_page(f"Page {number}") for number in range(4)]))
    seen: list[float] = []
    parse(path, "a.pdf", seen.append)
    assert seen[-1] == 1.0 and seen == sorted(seen) and len(seen) >= 4


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("cut.pdf", pdf([pdf_page("one")])[:300], "FILE_DAMAGED"),
        ("rubbish.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 100, "FILE_DAMAGED"),
        ("locked.pdf", LOCKED, "FILE_ENCRYPTED"),
        ("scan.pdf", pdf([b"0 0 100 100 re f"]), "FILE_EMPTY"),
        ("blank.txt", b" \n\t\n" * 100, "FILE_EMPTY"),
        ("binary.txt", bytes(range(256)) * 40, "FILE_UNSUPPORTED"),
    ],
)
def test_what_cant_be_read_says_why(read: Read, name: str, data: bytes, code: str) -> None:
    parsed = read(name, data, LITTLE)
    assert (parsed.code, parsed.text.strip(), parsed.killed) == (code, "", False)


def test_a_pdf_without_its_table_of_places_is_mended(read: Read) -> None:
    assert read("a.pdf", pdf([pdf_page("one")]).replace(b"xref", b"xxxx")).text == "one"


def test_a_tree_of_pages_without_end_is_cut(read: Read) -> None:
    endless = pdf([pdf_page("one")], kids=b"2 0 R 4 0 R 2 0 R", count=2_000_000_000)
    parsed = read("a.pdf", endless, LITTLE)
    assert parsed.text == "one" and len(parsed.pages) <= MAX_PAGES


def test_a_bomb_in_a_pdf_meets_the_memorys_bound(read: Read) -> None:
    file = pdf([bomb(600)], packed=[0])
    assert len(file) < 1_000_000
    parsed = read("a.pdf", file, LITTLE)
    assert parsed.code in ("FILE_TOO_LARGE", "FILE_DAMAGED") and parsed.text == ""


def test_pages_read_before_a_bomb_are_kept(read: Read) -> None:
    parsed = read("a.pdf", pdf([pdf_page("good"), bomb(600)], packed=[1]), LITTLE)
    assert parsed.text.strip() == "good" and parsed.code is not None


def test_comments_without_end_meet_the_clock(read: Read) -> None:
    parsed = read("a.html", b"<p>read</p>" + b" " * 70_000 + b"<!--" * 500_000, LITTLE)
    assert (parsed.code, parsed.text.strip(), parsed.killed) == ("FILE_TIMEOUT", "read", False)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("deep.html", b"<div>" * 100_000 + b"deep"),
        ("deep.json", b"[" * 1_000_000),
        ("wide.csv", b"c," * 1_000_000 + b"\n" + b"1," * 1_000_000),
        ("line.txt", b"x" * 30_000_000),
        ("wide.json", b'{"a":' * 200_000),
    ],
)
def test_large_and_deep_files_are_read_within_bounds(read: Read, name: str, data: bytes) -> None:
    parsed = read(name, data)
    assert parsed.text and len(parsed.text) <= MAX_CHARACTERS and not parsed.killed


def test_too_much_memory_is_an_error_of_its_own(read: Read) -> None:
    tight = Allowance(cpu=10, wall=20.0, memory=160_000_000)
    assert read("a.txt", "ü😀".encode() * 12_000_000, tight).code == "FILE_TOO_LARGE"


def test_a_parser_that_stands_still_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = '{"text":"so far","done":0}'
    script = f"import sys, time; sys.stdin.readline(); print({said!r}, flush=True); time.sleep(60)"
    monkeypatch.setattr(child, "command", lambda: [sys.executable, "-c", script])
    parsed = parse(tmp_path, "a.txt", allowance=Allowance(wall=0.5))
    assert (parsed.code, parsed.text) == ("FILE_TIMEOUT", "so far")


@pytest.mark.parametrize(
    "said",
    [
        "no json",
        "[]",
        '{"text": 5}',
        '{"done": 1}',
        '{"text": "x", "done": "y"}',
        '{"text":"\\ud800","done":1}',
        "x" * 9_000_000,
    ],
)
def test_a_parser_isnt_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str) -> None:
    answer = tmp_path / "answer"
    answer.write_text(said + "\n")
    script = f"import sys; sys.stdin.readline(); print(open({str(answer)!r}).read())"
    monkeypatch.setattr(child, "command", lambda: [sys.executable, "-c", script])
    parsed = parse(tmp_path, "a.txt")
    parsed.text.encode()
    assert parsed.killed and parsed.code == "FILE_DAMAGED"


def test_a_parser_ends_with_its_parent(tmp_path: Path) -> None:
    endless = tmp_path / "a.html"
    endless.write_bytes(b"<!--" * 1_000_000)
    asked = {"path": str(endless), "name": "a.html", "seconds": 60, "memory": 500_000_000}
    middle = "import subprocess, sys; subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)" + (
        ".stdin.write(sys.stdin.buffer.read())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", middle, *command()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    # The pipe's other end is closed once the parser, too, is gone.
    out, _ = process.communicate(json.dumps(asked).encode() + b"\n", timeout=20)
    assert b'"end"' not in out


def test_a_parser_has_no_environment_no_children_and_no_files_to_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET", "x")
    script = (
        "import os, sys, json; sys.stdin.readline()\n"
        "from erth_sidecar.parsing import limits\n"
        "limits.confine(5, 500_000_000)\n"
        "told = ['SECRET' in os.environ]\n"
        f"try: told.append(os.write(os.open({str(tmp_path / 'made')!r}, 65), b'x'))\n"
        "except OSError as error: told.append(error.errno)\n"
        "import resource\n"
        "told.append(resource.getrlimit(resource.RLIMIT_NPROC)[0])\n"
        "print(json.dumps({'text': json.dumps(told), 'done': 1})); print('{\"end\":true}')"
    )
    monkeypatch.setattr(child, "command", lambda: [sys.executable, "-c", script])
    assert json.loads(parse(tmp_path, "a.txt").text) == [False, 27, 0]


def test_a_killed_parser_says_that_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = "import os, sys; sys.stdin.readline(); os.kill(os.getpid(), 9)"
    monkeypatch.setattr(child, "command", lambda: [sys.executable, "-c", script])
    assert parse(tmp_path, "a.txt").killed


def test_a_parser_that_ends_before_it_was_asked_is_one_that_was_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Gone(subprocess.Popen[bytes]):
        def __init__(self, *words: Any, **options: Any) -> None:
            super().__init__(*words, **options)
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    script = "import os; os.kill(os.getpid(), 9)"
    monkeypatch.setattr(child, "command", lambda: [sys.executable, "-c", script])
    monkeypatch.setattr(subprocess, "Popen", Gone)
    assert parse(tmp_path, "a.txt").killed
