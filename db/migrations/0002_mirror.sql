-- Which tables are mirrored; under which topic, and with which column as id, pages are told of news;
-- and of which columns a text that lost against another device's is kept. An app of its own takes
-- this file as it is, with its own tables here.
CREATE TABLE mirrored (
  name TEXT PRIMARY KEY NOT NULL,
  topic TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT 'id',
  kept TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(kept))
) STRICT;
INSERT INTO mirrored (name, topic, subject, kept) VALUES
  ('notes', 'notes', 'id', '["title","body","tags"]'),
  ('threads', 'threads', 'id', '["title"]'),
  ('messages', 'threads', 'thread_id', '[]'),
  ('conflicts', 'notes', 'row_id', '[]');

-- Texts that lost. Mirrored as well, so that each device shows them; a choice deletes the row.
CREATE TABLE conflicts (
  id TEXT PRIMARY KEY NOT NULL,
  of_table TEXT NOT NULL,
  row_id TEXT NOT NULL,
  cells TEXT NOT NULL CHECK (json_valid(cells)),
  device TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX conflicts_by_row ON conflicts (of_table, row_id);

-- The mirror's own books; they stay on this machine. db/mirror/capture.ts fills them by triggers,
-- which exist only once a remote was connected.
CREATE TABLE mirror_state (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;

-- One row: a hybrid logical clock (milliseconds * 65536 + counter), and a number for each change.
CREATE TABLE mirror_clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  tick INTEGER NOT NULL,
  version INTEGER NOT NULL,
  ahead INTEGER NOT NULL,
  device TEXT NOT NULL,
  muted INTEGER NOT NULL,
  -- The latest change when the last batch was put together.
  made INTEGER NOT NULL DEFAULT 0
) STRICT;

-- When each cell of a mirrored row was written: `stamp`, except for columns named in `cells`.
CREATE TABLE mirror_rows (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  stamp TEXT NOT NULL,
  cells TEXT NOT NULL DEFAULT '{}',
  deleted TEXT,
  round INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID;

-- What the remote doesn't have yet: at most one row for each mirrored row, however often it changes.
CREATE TABLE mirror_pending (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  born INTEGER,
  bases TEXT NOT NULL DEFAULT '{}',
  versions TEXT NOT NULL DEFAULT '{}',
  grave TEXT,
  -- Its version when the last batch was put together, if it has changed since.
  prior INTEGER,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mirror_pending_by_version ON mirror_pending (version);

-- Rows that one side refuses. They wait here, out of the others' way.
CREATE TABLE mirror_aside (
  tbl TEXT NOT NULL,
  id TEXT NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('push', 'pull')),
  version INTEGER NOT NULL DEFAULT 0,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (tbl, id)
) STRICT, WITHOUT ROWID;
