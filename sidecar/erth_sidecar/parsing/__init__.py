"""The parser process: takes the text out of one foreign file, under limits, and ends.

JSON lines. In: `{"path","name","seconds","memory"}`, then nothing; the end of stdin ends the
process. Out, as it is read: `{"text","page"?,"done"}`, `page` where one begins, `done` from 0 to 1;
at the end `{"end":true}`, with `"code"` and `"detail"` if something is missing or all of it.
"""

from erth_sidecar.parsing.limits import LINE, MAX_CHARACTERS


def main() -> None:
    """Reads one file; doesn't return."""
    # Imported here, not above: the sidecar imports this package for its names alone.
    from erth_sidecar.parsing.process import run

    run()


__all__ = ["LINE", "MAX_CHARACTERS", "main"]
