"""What the shell starts."""

from erth_sidecar.greeting import Channel
from erth_sidecar.serve.app import run
from guestbook import book

run(Channel.take(), book.register, templates=book.TEMPLATES, schema=1)
