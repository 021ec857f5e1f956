-- A first load from a full remote brings many notes at once, and entering them into the full-text
-- index takes most of its time. So the mirror marks such times (`muted` = 2): the notes wait here,
-- and the sidecar enters them behind it, a few at a time.
CREATE TABLE notes_unindexed (note INTEGER PRIMARY KEY) STRICT;

DROP TRIGGER notes_fts_insert;
DROP TRIGGER notes_fts_delete;
DROP TRIGGER notes_fts_update;

CREATE TRIGGER notes_fts_insert AFTER INSERT ON notes BEGIN
  INSERT INTO notes_fts (rowid, title, body, tags) SELECT new.rowid, new.title, new.body, new.tags
    WHERE coalesce((SELECT muted FROM mirror_clock), 0) < 2;
  INSERT INTO notes_unindexed SELECT new.rowid
    WHERE (SELECT muted FROM mirror_clock) = 2;
END;
-- What isn't in the index must not be taken out of it: that would damage it.
CREATE TRIGGER notes_fts_delete AFTER DELETE ON notes BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, title, body, tags)
    SELECT 'delete', old.rowid, old.title, old.body, old.tags
    WHERE NOT EXISTS (SELECT 1 FROM notes_unindexed WHERE note = old.rowid);
  DELETE FROM notes_unindexed WHERE note = old.rowid;
END;
CREATE TRIGGER notes_fts_update AFTER UPDATE OF title, body, tags ON notes
WHEN NOT EXISTS (SELECT 1 FROM notes_unindexed WHERE note = new.rowid) BEGIN
  INSERT INTO notes_fts (notes_fts, rowid, title, body, tags)
  VALUES ('delete', old.rowid, old.title, old.body, old.tags);
  INSERT INTO notes_fts (rowid, title, body, tags) VALUES (new.rowid, new.title, new.body, new.tags);
END;
