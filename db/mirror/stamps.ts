import { mintDevice, RESENT, REVIVED } from "./capture.ts";
import type { Store } from "../store/store.ts";

/** The clock's part of a stamp. */
export function tickOf(stamp: string): bigint {
  return BigInt(`0x${stamp.slice(0, 16)}`);
}

/** Goes on under a new name: what waits is signed anew, as the old name may be another's too. */
export function signAnew(store: Store): void {
  const device = mintDevice();
  const signed = (stamp: string) => `substr(${stamp}, 1, 17) || '${device}'`;
  // What is only sent once more keeps the name of whoever wrote it.
  const again = [RESENT, REVIVED].map((mark) => `p.bases ->> '$."${mark}"' IS NULL`);
  const born = `p.born IS NOT NULL AND ${again.join(" AND ")}`;
  store.change(
    `UPDATE mirror_rows SET
        stamp = CASE WHEN ${born} THEN ${signed("stamp")} ELSE stamp END,
        cells = (SELECT json_group_object(key, CASE WHEN ${born} OR p.versions -> ('$.' || key)
          IS NOT NULL THEN ${signed("value")} ELSE value END) FROM json_each(mirror_rows.cells)),
        deleted = CASE WHEN p.grave IS NOT NULL THEN ${signed("deleted")} ELSE deleted END
      FROM mirror_pending p WHERE p.tbl = mirror_rows.tbl AND p.id = mirror_rows.id`,
  );
  store.change("UPDATE mirror_clock SET device = ?", device);
}

/**
 * Replaces stamps that are ahead of the remote's clock, in their order, and sets the clock right.
 *
 * @param limit The latest that stamps may say, in milliseconds of the remote's clock.
 * @param now What they say instead, and after it.
 */
export function pullBack(store: Store, limit: number, now: number): void {
  const bound = stampAt(limit);
  const rows = store.rows<
    Record<"tbl" | "id" | "stamp" | "cells", string> & { deleted: string | null }
  >(
    "SELECT tbl, id, stamp, cells, deleted FROM mirror_rows JOIN mirror_pending " +
      "USING (tbl, id) WHERE stamp > ?1 OR deleted > ?1 OR EXISTS " +
      "(SELECT 1 FROM json_each(cells) WHERE value > ?1)",
    bound,
  );
  const { device } = store.rows<{ device: string }>("SELECT device FROM mirror_clock")[0]!;
  const isLate = (stamp: string) => stamp > bound && stamp.endsWith(`-${device}`);
  const late = new Set<string>();
  for (const { stamp, cells, deleted } of rows) {
    for (const one of [stamp, deleted ?? "", ...Object.values<string>(JSON.parse(cells))]) {
      if (isLate(one)) late.add(one);
    }
  }
  // Later than all that came from there, or others wouldn't take it for news.
  const [heard] = store.rows<{ stamp: string | null }>(
    "SELECT max(stamp) AS stamp FROM (SELECT stamp FROM mirror_rows UNION ALL " +
      "SELECT deleted FROM mirror_rows UNION ALL SELECT value FROM mirror_rows, " +
      "json_each(cells)) WHERE stamp <= ?",
    bound,
  );
  let running = BigInt(Math.round(now)) << 16n;
  if (heard?.stamp && tickOf(heard.stamp) > running) running = tickOf(heard.stamp);
  const instead = new Map(
    [...late].sort().map((stamp) => {
      running++;
      return [stamp, running.toString(16).padStart(16, "0") + stamp.slice(16)];
    }),
  );
  const put = (stamp: string) => instead.get(stamp) ?? stamp;
  for (const { tbl, id, stamp, cells, deleted } of rows) {
    const pairs = Object.entries<string>(JSON.parse(cells)).map(([key, one]) => [key, put(one)]);
    store.change(
      "UPDATE mirror_rows SET stamp = ?, cells = ?, deleted = ? WHERE tbl = ? AND id = ?",
      put(stamp),
      JSON.stringify(Object.fromEntries(pairs)),
      deleted === null ? null : put(deleted),
      tbl,
      id,
    );
  }
  store.change("UPDATE mirror_clock SET tick = ?", running);
}

/** The first stamp of a moment. */
function stampAt(ms: number): string {
  return (BigInt(Math.round(ms)) << 16n).toString(16).padStart(16, "0");
}
