-- The assistant: which model writes a thread's answers, what it did, and what it may read.
ALTER TABLE threads ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;
-- NULL: the default model.
ALTER TABLE threads ADD COLUMN model TEXT;
-- Empty: the model's own system prompt.
ALTER TABLE threads ADD COLUMN system TEXT NOT NULL DEFAULT '';
-- What happens once the context is full: 'ask', or 'trim' the oldest messages.
ALTER TABLE threads ADD COLUMN overflow TEXT NOT NULL DEFAULT 'ask';

-- What tools did for the answer, and what it cost; on an answer cut short also why.
ALTER TABLE messages ADD COLUMN actions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE messages ADD COLUMN stats TEXT NOT NULL DEFAULT '{}';

ALTER TABLE answers ADD COLUMN actions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE answers ADD COLUMN stats TEXT NOT NULL DEFAULT '{}';

-- "Always in this thread". It stays on this computer: nobody who writes to the remote can grant it.
CREATE TABLE permissions (
  thread_id TEXT NOT NULL,
  tool TEXT NOT NULL,
  granted_at TEXT NOT NULL,
  PRIMARY KEY (thread_id, tool)
) STRICT, WITHOUT ROWID;

-- Files of the Library, or of one thread. They stay on this computer; the file itself lies in the
-- data folder under its id.
CREATE TABLE files (
  id TEXT PRIMARY KEY NOT NULL,
  -- NULL: kept in the Library.
  thread_id TEXT,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'reading', 'ready', 'failed')),
  -- Of what failed: a code of the catalogue, and what was found.
  code TEXT,
  detail TEXT,
  -- Where each page of the text begins, in characters; [] without pages.
  pages TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(pages)),
  characters INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE INDEX files_by_thread ON files (thread_id, created_at) WHERE deleted_at IS NULL;
CREATE TABLE file_texts (file_id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) STRICT;

-- Parts of notes and files, each with its place: `body[start:stop]` of the text, in characters. The
-- index has no text of its own: the sidecar gives it words as it cut them, stems and pairs of Chinese
-- and Japanese characters, and asks with words cut the same way.
CREATE TABLE passages (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL CHECK (source IN ('note', 'file')),
  source_id TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  -- What the part stands under.
  heading TEXT NOT NULL DEFAULT '',
  -- Of a file: the text itself, as a place far into a long one takes milliseconds to reach.
  body TEXT
) STRICT;
CREATE INDEX passages_by_source ON passages (source, source_id, start);
CREATE VIRTUAL TABLE passages_fts USING fts5 (
  title, body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);
-- The index's words with their counts, for those that nobody wrote quite like that.
CREATE VIRTUAL TABLE passages_words USING fts5vocab (passages_fts, 'row');

-- What has to be cut anew. The sidecar does, a few passages at a time: characters before `done` are
-- in the index, -1 means that the passages from before must go first. `changes` tells it that what
-- it has read is out of date.
CREATE TABLE passages_stale (
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT -1,
  changes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source, source_id)
) STRICT, WITHOUT ROWID;
INSERT INTO passages_stale (source, source_id) SELECT 'note', id FROM notes WHERE deleted_at IS NULL;
CREATE TRIGGER passages_note_insert AFTER INSERT ON notes BEGIN
  INSERT INTO passages_stale (source, source_id) VALUES ('note', new.id)
    ON CONFLICT DO UPDATE SET done = -1, changes = changes + 1;
END;
CREATE TRIGGER passages_note_update AFTER UPDATE OF title, body, tags, deleted_at ON notes BEGIN
  INSERT INTO passages_stale (source, source_id) VALUES ('note', new.id)
    ON CONFLICT DO UPDATE SET done = -1, changes = changes + 1;
END;
CREATE TRIGGER passages_note_delete AFTER DELETE ON notes BEGIN
  INSERT INTO passages_stale (source, source_id) VALUES ('note', old.id)
    ON CONFLICT DO UPDATE SET done = -1, changes = changes + 1;
END;

-- Search over what was said. Always filled behind what is written: see 0003 for the reason.
CREATE VIRTUAL TABLE messages_fts USING fts5 (
  body, content = 'messages', tokenize = 'trigram remove_diacritics 1'
);
CREATE TABLE messages_unindexed (message INTEGER PRIMARY KEY) STRICT;
INSERT INTO messages_unindexed SELECT rowid FROM messages;
CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages BEGIN
  INSERT INTO messages_unindexed VALUES (new.rowid);
END;
CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, body) SELECT 'delete', old.rowid, old.body
    WHERE NOT EXISTS (SELECT 1 FROM messages_unindexed WHERE message = old.rowid);
  DELETE FROM messages_unindexed WHERE message = old.rowid;
END;
CREATE TRIGGER messages_fts_update AFTER UPDATE OF body ON messages
WHEN NOT EXISTS (SELECT 1 FROM messages_unindexed WHERE message = new.rowid) BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, body) VALUES ('delete', old.rowid, old.body);
  INSERT INTO messages_fts (rowid, body) VALUES (new.rowid, new.body);
END;
