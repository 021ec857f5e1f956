"""The errors a person or a script gets to see, from the `errors.json` that both languages read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Failure(Exception):
    """Ends a request with an error of `errors.json`.

    `message` takes the place of the general one where the cause can be named.
    """

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Described:
    """An error as it is shown."""

    code: str
    message: str
    hint: str
    recoverable: bool
    status: int

    def to_json(self) -> str:
        """The one shape of errors: `{"error": {code, message, hint, recoverable}}`."""
        shown = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "recoverable": self.recoverable,
        }
        return json.dumps({"error": shown}, ensure_ascii=False)


class Catalogue:
    """All errors by code."""

    def __init__(self, entries: dict[str, dict[str, Any]]) -> None:
        self._entries = entries

    @classmethod
    def load(cls, path: str | None) -> "Catalogue":
        """Reads the file named, else the copy beside this module, else the project's own."""
        here = Path(__file__).parent
        candidates = [here / "errors.json", here.parents[1] / "errors.json"]
        if path:
            candidates.insert(0, Path(path))
        for candidate in candidates:
            if candidate.is_file():
                return cls(json.loads(candidate.read_text("utf-8")))
        raise FileNotFoundError(f"Cannot describe errors as errors.json is missing: {candidates}")

    def describe(self, failure: Failure) -> Described:
        """What to show for a failure; a code that isn't listed becomes `INTERNAL`."""
        code = failure.code if failure.code in self._entries else "INTERNAL"
        entry = self._entries[code]
        return Described(
            code=code,
            message=failure.message or entry["message"],
            hint=entry["hint"],
            recoverable=entry["recoverable"],
            status=entry["status"],
        )
