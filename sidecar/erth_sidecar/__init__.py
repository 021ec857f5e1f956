"""Erth's pages: a Robyn server that a shell starts, greets and watches over."""

VERSION = "0.1.0"
