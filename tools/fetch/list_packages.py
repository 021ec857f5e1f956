"""Prints, as JSON, the interpreter and the locked packages that a frozen sidecar has parts of.

The first argument is the folder that PyInstaller worked in; the others are packages that are in the
program all the same.
"""

import json
import platform
import re
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
NO_TEXT = "Python Software Foundation License Version 2: https://docs.python.org/3/license.html"


def entry(name: str) -> dict[str, str]:
    """Name, version and the folder that holds the licence."""
    about = metadata.distribution(name)
    module = next(f for f in about.files or [] if f.name == "METADATA")
    folder = str(Path(str(about.locate_file(module))).parent)
    return {"name": about.metadata["Name"], "version": about.version, "folder": folder}


def is_inside(name: str, frozen: str) -> bool:
    """Whether a module or library of the package is in PyInstaller's lists."""
    files = metadata.distribution(name).files or []
    tops = {file.parts[0] for file in files if file.suffix in (".py", ".so", ".pyd")}
    return any(f"site-packages/{top}" in frozen for top in tops)


def python_license() -> str:
    """The text beside the standard library, or where Debian keeps it."""
    stdlib = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    debian = Path("/usr/share/doc/python3.11/copyright")
    return next((path.read_text() for path in (stdlib, debian) if path.exists()), NO_TEXT)


def main() -> None:
    """Prints the list."""
    lock = (ROOT / "sidecar" / "requirements.txt").read_text()
    lists = Path(sys.argv[1]).rglob("*.toc")
    frozen = "".join(path.read_text() for path in lists if path.name.startswith(("PYZ-", "COLL")))
    locked = re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)
    beside = sys.argv[2:]
    names = [name for name in locked if name in beside or is_inside(name, frozen)]
    python = {"name": "Python", "version": platform.python_version(), "text": python_license()}
    packages = [entry(name) for name in ["pyinstaller", *names]]
    print(json.dumps({"packages": packages, "python": python}))


main()
