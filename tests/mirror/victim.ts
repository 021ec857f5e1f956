/**
 * Mirrors a database once and ends at a step as by SIGKILL. Arguments: the database's path, the
 * remote's address, the step and how often it is passed.
 *
 * @module
 */
import { Store } from "../../db/store/store.ts";
import { LIMITS, openMirror } from "./small_mirror.ts";

const [path = "", url = "", point = "", nth = "1"] = Deno.args;
let left = Number(nth);
const mirror = await openMirror(await Store.open({ path, synchronous: "NORMAL" }), url, (at) => {
  if (at === point && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
}, LIMITS);
await mirror.sync();
