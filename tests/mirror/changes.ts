import type { Change, Choice } from "./operations.ts";
import type { Value, Values } from "./cells.ts";

/** The mirrored tables of one place, each row by its id. */
export type Tables = Record<(typeof TABLES)[number], Map<string, Values>>;

/** In the order in which they are compared. */
export const TABLES = ["notes", "threads", "messages", "conflicts"] as const;

/** One row of a change: what it becomes, or that it is deleted. */
export interface Write {
  table: keyof Tables;
  id: string;
  values: Values | undefined;
}

/** What a place that a change is made at looks like. */
export interface Place {
  tables: Tables;
  /** The time as it is written into rows there. */
  now: string;
  /** An id that no row has had. */
  fresh: string;
  /** Ids of notes that were deleted somewhere. */
  graves: readonly string[];
}

/** The rows that a change writes, in the way of the sidecar; none if nothing fits it. */
export function writesOf(change: Change, place: Place): Write[] {
  const { tables, now, fresh } = place;
  const notes = [...tables.notes.keys()];
  const threads = [...tables.threads.keys()];
  const update = (table: "notes" | "threads", id: string | undefined, patch: Values): Write[] =>
    id === undefined ? [] : [{ table, id, values: { ...tables[table].get(id)!, ...patch } }];
  switch (change.do) {
    case "create":
      return [{ table: "notes", id: fresh, values: newNote(change.text, now) }];
    case "revive": {
      const id = at(place.graves.filter((grave) => !tables.notes.has(grave)), change.pick);
      return id === undefined ? [] : [{ table: "notes", id, values: newNote(change.text, now) }];
    }
    case "edit": {
      const texts = change.columns.map((column) => [column, textFor(column, change.text)]);
      return update("notes", at(notes, change.pick), {
        ...Object.fromEntries(texts),
        updated_at: now,
      });
    }
    case "pin": {
      const id = at(notes, change.pick);
      return update("notes", id, { pinned: 1 - Number(tables.notes.get(id ?? "")?.pinned) });
    }
    case "fade":
      return update("notes", at(notes, change.pick), { deleted_at: now });
    case "restore":
      return update("notes", at(notes, change.pick), { deleted_at: null });
    case "remove": {
      const id = at(notes, change.pick);
      return id === undefined ? [] : [{ table: "notes", id, values: undefined }];
    }
    case "begin":
      return [{ table: "threads", id: fresh, values: newThread(change.text, now) }];
    case "rename":
      return update("threads", at(threads, change.pick), { title: change.text, updated_at: now });
    case "fade thread":
      return update("threads", at(threads, change.pick), { deleted_at: now });
    case "say": {
      const thread = at(threads, change.pick);
      if (thread === undefined) return [];
      return [{ table: "messages", id: fresh, values: newMessage(thread, change.text, now) }];
    }
    case "choose":
    case "dismiss":
      return choice(change, place);
  }
}

/** Takes a text that lost, or what a person makes of both, and ends the conflict. */
function choice(change: Choice, { tables, now }: Place): Write[] {
  // Their ids differ from run to run, as they follow from the devices' own.
  const text = (id: string) => JSON.stringify({ ...tables.conflicts.get(id), created_at: "" });
  const ids = [...tables.conflicts.keys()].map((id) => [text(id), id] as const).sort();
  const id = ids[Math.floor(change.pick * ids.length)]?.[1];
  if (id === undefined) return [];
  const conflict = tables.conflicts.get(id)!;
  const ended: Write = { table: "conflicts", id, values: undefined };
  const table = conflict.of_table as "notes" | "threads";
  const row = tables[table].get(String(conflict.row_id));
  if (change.do === "dismiss" || row === undefined) return [ended];
  const lost = JSON.parse(String(conflict.cells)) as Values;
  const texts = change.pick < 0.6 ? lost : Object.fromEntries(
    Object.keys(lost).map((column) => [column, textFor(column, `${change.text} of both`)]),
  );
  const values = { ...row, ...texts, updated_at: now };
  return [{ table, id: String(conflict.row_id), values }, ended];
}

function newNote(text: string, now: string): Values {
  return {
    title: text,
    body: `${text} body`,
    tags: textFor("tags", text),
    pinned: 0,
    created_at: now,
    updated_at: now,
    deleted_at: null,
  };
}

function newThread(title: string, now: string): Values {
  return {
    title,
    created_at: now,
    updated_at: now,
    deleted_at: null,
    starred: 0,
    model: null,
    system: "",
    overflow: "ask",
  };
}

function newMessage(thread: string, body: string, now: string): Values {
  return {
    thread_id: thread,
    role: "user",
    body,
    citations: "[]",
    engine: null,
    state: "done",
    created_at: now,
    deleted_at: null,
    actions: "[]",
    stats: "{}",
  };
}

function textFor(column: string, text: string): Value {
  return column === "tags" ? JSON.stringify([text]) : column === "body" ? `${text} body` : text;
}

/** `pick`, from 0 to 1, of a list in an order that is the same in each run. */
function at(list: string[], pick: number): string | undefined {
  return list.sort()[Math.floor(pick * list.length)];
}

/** The statement that makes a write, with its values; `before` is the row as it is there. */
export function statementOf(
  { table, id, values }: Write,
  before: Values | undefined,
): { sql: string; args: Value[] } | undefined {
  if (values === undefined) return { sql: `DELETE FROM ${table} WHERE id = ?`, args: [id] };
  if (before === undefined) {
    const columns = Object.keys(values);
    const places = columns.map(() => ", ?").join("");
    return {
      sql: `INSERT INTO ${table} (id, ${columns.join(", ")}) VALUES (?${places})`,
      args: [id, ...Object.values(values)],
    };
  }
  const changed = Object.keys(values).filter((column) => values[column] !== before[column]);
  if (changed.length === 0) return undefined;
  return {
    sql: `UPDATE ${table} SET ${changed.map((column) => `${column} = ?`).join(", ")} WHERE id = ?`,
    args: [...changed.map((column) => values[column]!), id],
  };
}
