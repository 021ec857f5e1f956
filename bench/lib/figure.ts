import type { Summary } from "./stats.ts";

/** One line of the table. */
export interface Row {
  /** What was measured. */
  name: string;
  /** Median, percentile or single value, in `unit`. */
  value: number;
  unit: "×" | "ms" | "s" | "MB" | "bytes" | "%" | "requests" | "";
  /** The value must not be above it. Without this and `least`, a row only informs. */
  goal?: number;
  /** The value must not be below it. */
  least?: number;
  /** First and third quartile; for a percentile, those of the percentile by slice of the run. */
  noise?: [number, number];
  /** How many measurements the value is made of. */
  count: number;
  /** What the value is made of, in words and absolute numbers. */
  detail?: string;
}

/** One figure: a file of `bench/`, which may give several rows. */
export interface Figure {
  /** Names it on the command line. */
  name: string;
  measure: (say: (words: string) => void) => Promise<Row[]>;
}

/** A row from a summary. */
export function rowOf(
  name: string,
  summary: Summary,
  rest: Pick<Row, "unit" | "goal" | "least" | "detail">,
): Row {
  const { median, quartiles, count } = summary;
  return { name, value: median, noise: quartiles, count, ...rest };
}

/** Whether a row's goal was met, if it has one. */
export function isMet({ value, goal = Infinity, least = -Infinity }: Row): boolean {
  return value <= goal && value >= least;
}

/** The rows as a table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    `${round(row.value)} ${row.unit}`.trim(),
    goalOf(row),
    goalOf(row) === "" ? "" : isMet(row) ? "yes" : "NO",
    row.noise === undefined ? "" : `${round(row.noise[0])}–${round(row.noise[1])}`,
    String(row.count),
    row.detail ?? "",
  ]);
  const head = ["figure", "measured", "goal", "met", "quartiles", "n", "made of"];
  const widths = head.map((title, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]!.length))
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join(
    "\n",
  );
}

function goalOf({ goal, least, unit }: Row): string {
  if (least !== undefined) return `≥ ${least} ${unit}`.trim();
  return goal === undefined ? "" : `≤ ${goal} ${unit}`.trim();
}

function round(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
