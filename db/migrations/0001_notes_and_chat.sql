-- Captured tables (notes, threads, messages) keep to the mirror's rules: no REPLACE, no unique
-- constraint but the primary key, no foreign keys, no blobs.
CREATE TABLE notes (
  id TEXT PRIMARY KEY NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
  pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE INDEX notes_by_recency ON notes (pinned DESC, updated_at DESC) WHERE deleted_at IS NULL;

CREATE TABLE threads (
  id TEXT PRIMARY KEY NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE INDEX threads_by_recency ON threads (updated_at DESC) WHERE deleted_at IS NULL;

CREATE TABLE messages (
  id TEXT PRIMARY KEY NOT NULL,
  thread_id TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  body TEXT NOT NULL,
  citations TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(citations)),
  engine TEXT,
  state TEXT NOT NULL DEFAULT 'done' CHECK (state IN ('done', 'stopped', 'failed')),
  created_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE INDEX messages_by_thread ON messages (thread_id, id);

-- An answer under way. Finished, it becomes a message of the same id and this row goes.
CREATE TABLE answers (
  id TEXT PRIMARY KEY NOT NULL,
  thread_id TEXT NOT NULL,
  question_id TEXT NOT NULL,
  body TEXT NOT NULL DEFAULT '',
  citations TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(citations)),
  engine TEXT NOT NULL,
  started_at TEXT NOT NULL
) STRICT;

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
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE settings (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;

-- Trigrams find Chinese and Japanese, which have no word breaks, and parts of German compounds.
-- The rowid is the notes table's own: never VACUUM this file without a 'rebuild' of notes_fts.
CREATE VIRTUAL TABLE notes_fts USING fts5 (
  title, body, tags, content = 'notes', tokenize = 'trigram remove_diacritics 1'
);
CREATE TRIGGER notes_fts_insert AFTER INSERT ON notes BEGIN
  INSERT INTO notes_fts (rowid, title, body, tags) VALUES (new.rowid, new.title, new.body, new.tags);
END;
CREATE TRIGGER notes_fts_delete AFTER DELETE ON notes BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, title, body, tags)
  VALUES ('delete', old.rowid, old.title, old.body, old.tags);
END;
CREATE TRIGGER notes_fts_update AFTER UPDATE OF title, body, tags ON notes BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, title, body, tags)
  VALUES ('delete', old.rowid, old.title, old.body, old.tags);
  INSERT INTO notes_fts (rowid, title, body, tags) VALUES (new.rowid, new.title, new.body, new.tags);
END;
