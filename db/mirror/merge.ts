import type { Value } from "../store/tables.ts";
/** When cells were written: `stamp`, except for the columns named in `cells`. */
export interface Stamps {
  stamp: string;
  cells: Record<string, string>;
}

/** A row as the remote has it. */
export interface RemoteRow extends Stamps {
  /** The stamp of its deletion. */
  deleted: string | null;
  /** Its columns, unless it is deleted. */
  values: Record<string, Value> | null;
}

/** The same row here, with changes that the remote doesn't have yet. */
export interface LocalRow extends Stamps {
  values: Record<string, Value> | null;
  /** What waits to be sent. */
  pending: {
    /** All of it, as the remote has no such row that we know of. */
    born: boolean;
    /** All of it once more, as the remote has lost what it had. */
    resent: boolean;
    /** All of it, as it was deleted there and changed here; `dirty` says what was changed. */
    revived: boolean;
    /** These columns. */
    dirty: ReadonlySet<string>;
    /** By column the stamp that was replaced here. */
    bases: Record<string, string>;
  };
}

/** What becomes of the row. */
export interface Outcome extends Stamps {
  /** The row here afterwards; `null`: deleted. */
  values: Record<string, Value> | null;
  /** The stamp of its deletion, if `values` is null. */
  deleted: string | null;
  /** Columns to be stamped anew, as what was written here outlives a deletion. */
  renew: readonly string[];
  /** What still has to be sent: all of it, these columns with what they replace, or nothing. */
  send: "all" | "deletion" | Record<string, string>;
  /** A deletion there was overruled here: to be written as a change of our own. */
  revive: boolean;
  /** Texts that lost: those of this device, and those of others by who wrote them. */
  lost: { own: Record<string, Value>; others: Record<string, Record<string, Value>> };
}

/** What of a table the merge has to know. */
export interface MergeRules {
  columns: readonly string[];
  /** Columns whose losing text is kept. */
  kept: ReadonlySet<string>;
  /** Whether `deleted_at` deletes a row. */
  fades: boolean;
  /** The part of a stamp that is ours. */
  device: string;
}

/**
 * Merges a row with changes of ours into the remote's newer state of it. Cell by cell the later stamp
 * wins. A change that names the stamp it replaced is in conflict only if the remote has a later one,
 * written by someone else; then the loser's text is kept. A deletion loses to a concurrent edit.
 */
export function mergeRow(local: LocalRow, remote: RemoteRow, rules: MergeRules): Outcome {
  if (remote.values === null) return mergeGone(local, remote.deleted ?? remote.stamp, rules);
  if (local.values === null) return mergeDeleted(local, remote, rules);
  return mergeCells(local, local.values, remote, remote.values, rules);
}

/** The stamp of one cell. */
export function stampOf({ stamp, cells }: Stamps, column: string): string {
  return cells[column] ?? stamp;
}

/** Who wrote a cell. */
function writerOf(stamp: string): string {
  return stamp.slice(stamp.indexOf("-") + 1);
}

function isOwn(stamp: string, device: string): boolean {
  return stamp.endsWith(`-${device}`);
}

/** Whether a column was written here since the remote knew it. */
function isChanged({ born, resent, revived, dirty }: LocalRow["pending"], column: string): boolean {
  return dirty.has(column) || (born && !resent && !revived);
}

/** It was deleted there. */
function mergeGone(local: LocalRow, deleted: string, rules: MergeRules): Outcome {
  const { stamp, cells, values } = local;
  const rest = { stamp, cells, revive: false, lost: { own: {}, others: {} } };
  const renew = rules.columns.filter((column) => isChanged(local.pending, column));
  // What was only to be sent once more had been known to the one who deleted it, unless it is later.
  const isLater = rules.columns.some((column) => stampOf(local, column) > deleted);
  if (values === null || (renew.length === 0 && !isLater)) {
    return { ...rest, values: null, deleted, renew: [], send: {} };
  }
  return { ...rest, values, deleted: null, renew, send: "all" };
}

/** It was deleted here. */
function mergeDeleted(local: LocalRow, remote: RemoteRow, rules: MergeRules): Outcome {
  const lost = { own: {}, others: {} };
  const edited = rules.columns.some((column) => {
    const [seen, there] = [
      local.pending.bases[column] ?? stampOf(local, column),
      stampOf(remote, column),
    ];
    return there > seen && !isOwn(there, rules.device);
  });
  if (edited) return { ...remote, deleted: null, renew: [], send: {}, revive: false, lost };
  const { stamp, cells } = local;
  const gone = { stamp, cells, values: null, deleted: null };
  return { ...gone, renew: [], send: "deletion", revive: false, lost };
}

function mergeCells(
  local: LocalRow,
  here: Record<string, Value>,
  remote: RemoteRow,
  there: Record<string, Value>,
  rules: MergeRules,
): Outcome {
  const { resent, bases } = local.pending;
  const values: Record<string, Value> = {};
  const cells: Record<string, string> = {};
  const send: Record<string, string> = {};
  const lost: Outcome["lost"] = { own: {}, others: {} };
  const changedHere = (column: string) => isChanged(local.pending, column);
  const foreign = (column: string) => {
    const stamp = stampOf(remote, column);
    if (isOwn(stamp, rules.device)) return false;
    if (!changedHere(column)) return stamp > stampOf(local, column);
    if (stamp <= (bases[column] ?? "")) return false;
    // In a copied folder two writers of one name may have given the same stamp to different texts.
    return stamp !== stampOf(local, column) || (here[column] ?? null) !== (there[column] ?? null);
  };
  for (const column of rules.columns) {
    const [ours, theirs] = [stampOf(local, column), stampOf(remote, column)];
    const [mine, other] = [here[column] ?? null, there[column] ?? null];
    const wins = ours > theirs && (changedHere(column) || resent);
    values[column] = wins ? mine : other;
    cells[column] = wins ? ours : theirs;
    if (wins) send[column] = theirs;
    if (!foreign(column) || mine === other || !rules.kept.has(column)) continue;
    if (wins) (lost.others[writerOf(theirs)] ??= {})[column] = other;
    else if (changedHere(column) || resent) lost.own[column] = mine;
  }
  let revive = false;
  if (rules.fades) {
    const goneThere = there.deleted_at !== null &&
      (here.deleted_at === null || foreign("deleted_at"));
    const goneHere = changedHere("deleted_at") && here.deleted_at !== null;
    const editedThere = !goneThere && rules.columns.some(foreign);
    const editedHere = !goneHere && rules.columns.some(changedHere);
    if (goneHere && editedThere) {
      values.deleted_at = there.deleted_at ?? null;
      cells.deleted_at = stampOf(remote, "deleted_at");
      delete send.deleted_at;
    }
    revive = goneThere && editedHere && values.deleted_at !== null;
  }
  return { stamp: remote.stamp, cells, values, deleted: null, renew: [], send, revive, lost };
}
