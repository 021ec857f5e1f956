"""Entry point: `python -m erth_sidecar`, and what the frozen program runs."""

from erth_sidecar.greeting import Channel


def main() -> None:
    """Takes the line to the shell before any other module can print on it, then serves."""
    channel = Channel.take()
    from erth_sidecar import pages
    from erth_sidecar.app import run

    run(channel, pages.register, templates=pages.TEMPLATES)


if __name__ == "__main__":
    main()
