"""Speaks with models, and runs one."""
