import socket
from pathlib import Path

import pytest

from erth_sidecar.conftest import Sidecar
from erth_sidecar.serve.memory import MEMORY

PIECE = b"x" * 4_000_000


def test_a_strangers_endless_body_ends_the_sidecar_not_the_memory(database: Path) -> None:
    with Sidecar(database) as sidecar:
        status = Path(f"/proc/{sidecar.process.pid}/status")
        with socket.create_connection(("127.0.0.1", sidecar.first["port"])) as stranger:
            stranger.sendall(
                b"POST /notes HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000000\r\n\r\n"
            )
            most = 0
            with pytest.raises(OSError):
                while most < 2 * MEMORY:
                    stranger.sendall(PIECE)
                    most = max(most, _memory(status.read_text()))
        assert sidecar.process.wait(10) != 0
        assert 0 < most < MEMORY


def _memory(status: str) -> int:
    """Bytes that a process holds; 0 once it has ended."""
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
