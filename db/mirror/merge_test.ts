import { assertEquals } from "@std/assert";
import { here, type Rule, RULES, testRules, there } from "../../tests/fixtures/merge_rules.ts";
import { mergeRow } from "./merge.ts";

const RULES_OF_CELLS: Rule[] = [
  {
    name: "changes of different columns are both kept",
    local: here({ title: "mine" }, { cells: { title: "2-me" } }),
    remote: there({ body: "hers" }, { body: "3-her" }),
    values: { title: "mine", body: "hers" },
    send: { title: "1-her" },
    cells: { title: "2-me", body: "3-her" },
  },
  {
    name: "the later text wins, and the other's is kept by its writer",
    local: here({ title: "mine" }, { cells: { title: "3-me" } }),
    remote: there({ title: "hers" }, { title: "2-her" }),
    values: { title: "mine" },
    send: { title: "2-her" },
    lost: { own: {}, others: { her: { title: "hers" } } },
  },
  {
    name: "an earlier text loses, and is kept",
    local: here({ title: "mine" }, { cells: { title: "2-me" } }),
    remote: there({ title: "hers" }, { title: "3-her" }),
    values: { title: "hers" },
    send: {},
    lost: { own: { title: "mine" }, others: {} },
    cells: { title: "3-her" },
  },
  {
    name: "of the same moment the greater name wins, on every device alike",
    local: here({ title: "mine" }, { cells: { title: "2-me" } }),
    remote: there({ title: "hers" }, { title: "2-zoe" }),
    values: { title: "hers" },
    send: {},
    lost: { own: { title: "mine" }, others: {} },
  },
  {
    name: "losing texts of several writers are kept apart",
    local: here({ title: "mine", body: "mine" }, { cells: { title: "4-me", body: "4-me" } }),
    remote: there({ title: "hers", body: "his" }, { title: "2-her", body: "3-him" }),
    values: { title: "mine", body: "mine" },
    send: { title: "2-her", body: "3-him" },
    lost: { own: {}, others: { her: { title: "hers" }, him: { body: "his" } } },
  },
  {
    name: "what plain SQL wrote is plain SQL's",
    local: here({ title: "mine" }, { cells: { title: "4-me" } }),
    remote: there({ title: "theirs" }, { title: "2-sql" }),
    values: { title: "mine" },
    send: { title: "2-sql" },
    lost: { own: {}, others: { sql: { title: "theirs" } } },
  },
  {
    name: "the same text twice is no conflict",
    local: here({ title: "same" }, { cells: { title: "2-me" } }),
    remote: there({ title: "same" }, { title: "3-her" }),
    values: { title: "same" },
    send: {},
  },
  {
    name: "a switch that loses isn't kept",
    local: here({ pinned: 1 }, { cells: { pinned: "3-me" } }),
    remote: there({ pinned: 2 }, { pinned: "2-her" }),
    values: { pinned: 1 },
    send: { pinned: "2-her" },
  },
  {
    name: "a change of what the remote still has is no conflict",
    local: here({ title: "mine" }, { cells: { title: "2-me" } }),
    remote: there({ pinned: 1 }, { pinned: "2-her" }),
    values: { title: "mine", pinned: 1 },
    send: { title: "1-her" },
  },
  {
    name: "our own earlier text there is no conflict",
    local: here({ title: "mine" }, { cells: { title: "3-me" } }),
    remote: there({ title: "mine, before" }, { title: "2-me" }),
    values: { title: "mine" },
    send: { title: "2-me" },
  },
  {
    name: "without a name of our own every other text is somebody else's",
    rules: { device: "" },
    local: here({ title: "mine" }, { cells: { title: "3-me" } }),
    remote: there({ title: "a copy's" }, { title: "2-me" }),
    values: { title: "mine" },
    send: { title: "2-me" },
    lost: { own: {}, others: { me: { title: "a copy's" } } },
  },
  {
    name: "what nobody changed here is taken from there",
    local: here({ title: "mine" }, { cells: { title: "2-me" } }),
    remote: there({ body: "hers", pinned: 1 }, {}, "0-her"),
    values: { title: "mine", body: "hers", pinned: 1 },
    send: { title: "0-her" },
  },
  {
    name: "a row made on both sides is merged by its cells, and all that differs is kept",
    local: here({ title: "mine", body: "mine" }, { stamp: "2-me", pending: { born: true } }),
    remote: there({ title: "hers", body: "hers" }, { body: "3-her" }),
    values: { title: "mine", body: "hers" },
    send: { title: "1-her", pinned: "1-her", deleted_at: "1-her" },
    lost: { own: { body: "mine" }, others: { her: { title: "hers" } } },
  },
  {
    name: "a row sent once more doesn't outdo what is later there",
    local: here({ title: "known" }, { stamp: "2-him", pending: { born: true, resent: true } }),
    remote: there({ title: "hers" }, { title: "3-her" }, "2-him"),
    values: { title: "hers" },
    send: {},
    lost: { own: { title: "known" }, others: {} },
  },
  {
    name: "a row sent once more brings back what the remote has lost",
    local: here({ title: "known" }, { stamp: "2-him", pending: { born: true, resent: true } }),
    remote: there({ title: "older" }, {}, "1-him"),
    values: { title: "known" },
    send: { title: "1-him", body: "1-him", pinned: "1-him", deleted_at: "1-him" },
  },
];

testRules(RULES_OF_CELLS);

Deno.test("whoever merges, the same text wins and the same text is kept", () => {
  const [mine, hers] = [{ title: "2-me" }, { title: "2-her" }];
  const a = mergeRow(
    here({ title: "mine" }, { cells: mine }),
    there({ title: "hers" }, hers),
    RULES,
  );
  const b = mergeRow(here({ title: "hers" }, { cells: hers }), there({ title: "mine" }, mine), {
    ...RULES,
    device: "her",
  });
  assertEquals(a.values, b.values);
  assertEquals(a.lost.others.her, b.lost.own);
});
