// What @tursodatabase/sync takes to push the notes of a JSON file, in milliseconds.
// Arguments: the server's address, a path for the local database, the file of notes.
import { connect } from "@tursodatabase/sync";
import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";

// What it was fastest with.
const AT_ONCE = 500;
const OPERATIONS = 4000;

const [url, path, notes] = argv.slice(2);
const db = await connect({ url, path, pushOperationsThreshold: OPERATIONS });
await db.exec(
  "CREATE TABLE notes (id TEXT PRIMARY KEY NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, " +
    "tags TEXT NOT NULL, pinned INTEGER NOT NULL, created_at TEXT NOT NULL, " +
    "updated_at TEXT NOT NULL, deleted_at TEXT)",
);
await db.push();
const insert = await db.prepare("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
const rows = JSON.parse(await readFile(notes, "utf8"));
for (let from = 0; from < rows.length; from += AT_ONCE) {
  await db.exec("BEGIN");
  for (const row of rows.slice(from, from + AT_ONCE)) await insert.run(...row);
  await db.exec("COMMIT");
}
const begin = performance.now();
await db.push();
console.log(performance.now() - begin);
exit(0);
