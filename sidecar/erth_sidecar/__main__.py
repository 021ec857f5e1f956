"""Entry point: `python -m erth_sidecar`, and what the frozen program runs."""

import sys


def main() -> None:
    """Serves pages; or, as the first argument says, runs a model or reads a file."""
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    if part == "model":
        from erth_sidecar.models import process

        process.main()
    elif part == "parse":
        from erth_sidecar import parsing

        parsing.main()
    else:
        _serve()


def _serve() -> None:
    """Takes the line to the shell before any other module can print on it."""
    from erth_sidecar.greeting import Channel

    channel = Channel.take()
    from erth_sidecar import pages
    from erth_sidecar.serve.app import run

    run(channel, pages.register, templates=pages.TEMPLATES)


if __name__ == "__main__":
    main()
