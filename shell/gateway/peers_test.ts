import { assertEquals } from "@std/assert";
import { findUids, tellsOf, uidsIn } from "./peers.ts";

const TABLES =
  `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0
   2: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0
   3: 0200007F:D432 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 4 1 0
   4: 0100007F:D433 0100007F:1F90 04 00000000:00000000 00:00000000 00000000     0        0 0 1 0
   5: 0100007F:D434 0100007F:1F91 01 00000000:00000000 00:00000000 00000000  1003        0 5 1 0
  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000100007F:D435 0000000000000000FFFF00000100007F:1F90 01 0:0 0:0 0 1004 0 6
`;

Deno.test("each end has its account; one that was closed, and other ports', have none", () => {
  const found = [...uidsIn(TABLES, 8080)];
  const expected = [["127.0.0.1:54321", 1001], ["127.0.0.2:54322", 1002], [
    "127.0.0.1:54325",
    1004,
  ]];
  assertEquals(found, expected as typeof found);
});

Deno.test("tables that lack our own port, or all, tell of nobody", () => {
  const [head = ""] = TABLES.split("\n");
  assertEquals([TABLES, head, ""].map((tables) => tellsOf(tables, 8080)), [true, false, false]);
});

Deno.test("the system's own tables tell of a real connection", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using ours = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using _theirs = await listener.accept();
  const uids = await findUids(listener.addr.port);
  assertEquals(uids?.get(`127.0.0.1:${ours.localAddr.port}`), Deno.uid() ?? undefined);
});

Deno.test("a system that never told of a port tells nobody; one that did knows none for now", async () => {
  const nothing = () => Promise.resolve("");
  assertEquals(await findUids(8080, nothing), undefined);
  await findUids(8080, (path) => Promise.resolve(path.endsWith("tcp") ? TABLES : ""));
  assertEquals((await findUids(8080, nothing))?.size, 0);
});
