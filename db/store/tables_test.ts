import { assertEquals } from "@std/assert";
import { database, THINGS } from "../../tests/fixtures/database.ts";
import { fromObject, readTables, rowObject } from "./tables.ts";

Deno.test("the mirrored tables are read in their order, with what the mirror has to know", async () => {
  using store = await database(THINGS);
  store.run("INSERT INTO mirrored (name, topic) VALUES ('missing', 'none')");
  const tables = readTables(store);
  assertEquals(tables.map(({ name, topic, subject, fades }) => [name, topic, subject, fades]), [
    ["notes", "notes", "id", true],
    ["threads", "threads", "id", true],
    ["messages", "threads", "thread_id", true],
    ["conflicts", "notes", "row_id", false],
    ["things", "things", "id", false],
  ]);
  assertEquals(tables[0]!.kept, new Set(["title", "body", "tags"]));
  assertEquals(tables[0]!.columns.slice(2, 4), [
    { name: "tags", type: "TEXT", definition: "TEXT NOT NULL DEFAULT '[]'" },
    { name: "pinned", type: "INTEGER", definition: "INTEGER NOT NULL DEFAULT 0" },
  ]);
  assertEquals(tables[4]!.columns.map(({ type }) => type), ["REAL", "INTEGER", "BLOB", "TEXT"]);
});

const VALUES: Record<string, string[]> = {
  r: ["0.1 + 0.2", "-1e-300", "1.7976931348623157e308", "9e999", "5.0", "-0.0", "NULL"],
  i: [
    "9223372036854775807",
    "-9223372036854775808",
    "9007199254740991",
    "9007199254740993",
    "-9007199254740993",
    "0",
    "NULL",
  ],
  b: ["x'00ff10'", "x''", "NULL"],
  t: ["'é 猫 \"quoted\" \\ '", "'a' || char(0) || 'b'", "''", "'null'", "'12'", "NULL"],
};

for (const form of ["json", "jsonb"]) {
  Deno.test(`every value comes out of ${form} as it went in`, async () => {
    using store = await database(THINGS);
    const table = readTables(store).at(-1)!;
    for (const [column, literals] of Object.entries(VALUES)) {
      for (const literal of literals) {
        store.run(
          `DELETE FROM things; INSERT INTO things (id, ${column}) VALUES ('in', ${literal})`,
        );
        const back = table.columns.map((one) => fromObject(one, "o")).join(", ");
        store.run(
          `INSERT INTO things SELECT 'out', ${back} FROM (SELECT ${form}(${
            rowObject(table, "t")
          }) AS o FROM things t WHERE id = 'in')`,
        );
        const equal = "SELECT count(*) AS n FROM things a JOIN things b ON a.id < b.id " +
          "AND a.r IS b.r AND a.i IS b.i AND a.b IS b.b AND a.t IS b.t AND " +
          "typeof(a.r) || typeof(a.i) || typeof(a.t) = typeof(b.r) || typeof(b.i) || typeof(b.t)";
        assertEquals(store.rows(equal), [{ n: 1 }], `${column} = ${literal}`);
      }
    }
  });
}

Deno.test("a value outside of what JavaScript counts exactly passes through it unharmed", async () => {
  using store = await database(THINGS);
  store.run("INSERT INTO things (id, i, r) VALUES ('a', 9007199254740993, 0.1 + 0.2)");
  const table = readTables(store).at(-1)!;
  const [row] = store.rows<{ o: string }>(`SELECT ${rowObject(table, "t")} AS o FROM things t`);
  const through = JSON.stringify(JSON.parse(row!.o));
  const back = table.columns.map((column) => fromObject(column, "?1")).join(", ");
  store.change(`INSERT INTO things SELECT 'b', ${back}`, through);
  const equal = "SELECT count(DISTINCT i) AS i, count(DISTINCT r) AS r FROM things";
  assertEquals(store.rows(equal), [{ i: 1, r: 1 }]);
});
