/** What SQL holds. */
export type Value = string | number | null;
/** A row without its id. */
export type Values = Record<string, Value>;

/** One write of one cell. Who has received it has this very object. */
export interface Cell {
  value: Value;
  /** As the writer's database has it; the model doesn't imitate clocks. */
  stamp: string;
  writer?: string;
  /** Writes that its writer knew of and put aside. */
  over: Cell[];
}

/** A row, or its last state. `life` is a cell as well: 1, or 0 once it was deleted. */
export interface Row {
  life: Cell;
  cells: Record<string, Cell>;
}

/** Two writes of a cell whose writers didn't know of each other. */
export interface Conflict {
  column: string;
  mine: Cell;
  theirs: Cell;
  /** Whether mine is the later one. */
  won: boolean;
}

/** A row that was never there. */
export const NOTHING: Row = { life: { value: 0, stamp: "", over: [] }, cells: {} };
/** What `life` is called among columns. */
export const LIFE = "life";
/** A row with a time here is deleted as a person sees it. */
const FADING = "deleted_at";

/** A cell of a row, or its life. */
export function cellOf(row: Row, column: string): Cell | undefined {
  return column === LIFE ? row.life : row.cells[column];
}

/** The columns that somebody has written between two states of a row. */
export function changesBetween(before: Row, after: Row): string[] {
  const columns = new Set([LIFE, ...Object.keys(before.cells), ...Object.keys(after.cells)]);
  return [...columns].filter((column) => cellOf(before, column) !== cellOf(after, column));
}

/** The row after a write; cells that keep their value stay as they are. */
export function written(row: Row, values: Values | undefined, writer: string): Row {
  const cell = (value: Value, old?: Cell): Cell => ({
    value,
    stamp: "",
    writer,
    over: old ? [old] : [],
  });
  if (values === undefined) return { life: cell(0, row.life), cells: row.cells };
  const born = row.life.value === 0;
  const cells = Object.entries(values).map(([column, value]) => {
    const old = row.cells[column];
    return [column, !born && old?.value === value ? old : cell(value, old)];
  });
  return { life: born ? cell(1, row.life) : row.life, cells: Object.fromEntries(cells) };
}

/**
 * Merges two states of a row that lives on both sides. Cell by cell what knows of the other wins, else
 * the later one.
 *
 * @param news The columns that are new on the remote.
 * @param pending The columns that wait here; afterwards those that still do.
 */
export function mergeRows(
  local: Row,
  remote: Row,
  news: string[],
  pending: Set<string>,
): { merged: Row; conflicts: Conflict[] } {
  pending.delete(LIFE);
  const isEdited = isEdit(local, pending);
  const fadedHere = pending.has(FADING) && local.cells[FADING]?.value !== null;
  const fadedThere = news.includes(FADING) && remote.cells[FADING]?.value !== null;
  const merged: Row = { life: remote.life, cells: { ...remote.cells } };
  const conflicts: Conflict[] = [];
  for (const column of [...pending]) {
    const mine = local.cells[column]!;
    const theirs = remote.cells[column];
    const isConflict = theirs !== undefined && !knows(mine, theirs) && !knows(theirs, mine);
    const won = isConflict ? mine.stamp > theirs.stamp : !theirs || knows(mine, theirs);
    if (won) merged.cells[column] = mine;
    else pending.delete(column);
    if (!isConflict) continue;
    (won ? mine : theirs).over.push(won ? theirs : mine);
    conflicts.push({ column, mine, theirs, won });
  }
  // Deletion by a date loses against an edit that didn't know of it.
  if (fadedHere && !fadedThere && isEdit(remote, news)) {
    merged.cells[FADING] = remote.cells[FADING]!;
    pending.delete(FADING);
  } else if (fadedThere && !fadedHere && isEdited) {
    merged.cells[FADING] = { value: null, stamp: "", over: [remote.cells[FADING]!] };
    pending.add(FADING);
  }
  return { merged, conflicts };
}

/** Whether a write was made by someone who had seen another, or what came of it. */
function knows(cell: Cell, other: Cell): boolean {
  const known = new Set([cell]);
  // What is added meanwhile is visited as well.
  for (const one of known) for (const older of one.over) known.add(older);
  return known.has(other);
}

/** Whether changes are more than a deletion: any other cell, or a deletion taken back. */
function isEdit(row: Row, columns: Iterable<string>): boolean {
  return row.life.value === 1 &&
    [...columns].some((column) => column !== FADING || row.cells[FADING]?.value === null);
}
