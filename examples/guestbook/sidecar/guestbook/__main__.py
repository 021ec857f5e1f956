"""What the shell starts."""

from erth_sidecar.app import run
from erth_sidecar.greeting import Channel
from guestbook import book

run(Channel.take(), book.register, templates=book.TEMPLATES, schema=1)
