/** What is sent in one piece. */
export interface Batch {
  /** The changes numbered up to here, as they were when change `made` was the latest. */
  upto: number;
  made: number;
  /** Whether no change came between the noting of `made` and the reading of the rows. */
  exact: boolean;
  rows: number;
  /** JSON: `{tick, TABLE: {full: [[id, values, stamp, cells]], part: […], gone: [[id, stamp]]}}`. */
  body: Uint8Array | string;
  /** The first row, which is the only one if `rows` is 1. */
  first: { table: string; id: string; version: number };
}
