import { ErthError } from "../../errors.ts";
import { systemClock, within } from "../process/clock.ts";

const GRACE_MS = 500;

/**
 * Listens on 127.0.0.1.
 *
 * @param port 0: a free one.
 * @throws {ErthError} `PORT_IN_USE`.
 */
export function listen(port: number, handler: (request: Request) => Promise<Response>) {
  try {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw new ErthError("PORT_IN_USE", `${port}`);
    throw error;
  }
}

/** Lets running answers end, but not for long: streams would never. */
export async function endServer(server: Deno.HttpServer): Promise<void> {
  await within(systemClock, GRACE_MS, server.shutdown());
}
