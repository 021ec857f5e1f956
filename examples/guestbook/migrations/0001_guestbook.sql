CREATE TABLE entries (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  words TEXT NOT NULL,
  signed_at TEXT NOT NULL
) STRICT;

-- Remembers answers, so that what is sent twice counts once.
CREATE TABLE idempotency (
  key TEXT PRIMARY KEY NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
