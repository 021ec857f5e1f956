import { assert, assertEquals } from "@std/assert";
import { alone, MAY_MOUNT } from "./sandbox.ts";

const USE = `
id=$(./erth note add "The lighthouse stands on rock." --title Lighthouse --json | cut -d '"' -f 4)
./erth note list
./erth note search rock
./erth note show "$id"
./erth ask "Where does the lighthouse stand?"
./erth doctor`;

Deno.test({
  name: "the file alone is enough: no sources, no Python, no Deno, new HOME",
  ignore: !MAY_MOUNT,
  fn: async () => {
    const { output, written } = await alone(USE);
    const [listed, searched, ...rest] = output.trim().split("\n");
    assert(listed?.endsWith("  Lighthouse"), output);
    assertEquals(searched, listed);
    const text = rest.join("\n");
    const quoted =
      /^> The lighthouse stands on rock\.\n>\n> — Lighthouse \(erth note show [0-9a-f-]{36}\)$/m;
    assert(quoted.test(text), text);
    assert(/ok {4}Database: .*: ok\nok {4}Engine: started/.test(text), text);
    assert(!text.includes("failed:"), text);
    const own = /^\.\/alone\/(erth$|home\/\.(cache|local\/share|local\/state)\/erth\/)/;
    assertEquals(written.filter((path) => !own.test(path)), []);
  },
});

Deno.test({
  name: "portable, everything stays in erth-data",
  ignore: !MAY_MOUNT,
  fn: async () => {
    const { output, written } = await alone(`
./erth serve --portable --json >ready.json &
until [ -s ready.json ]; do sleep 0.02; done${USE}
./erth status
kill $!
wait $!
rm ready.json
./erth note list`);
    assert(output.includes("Data: /alone/erth-data (portable)"), output);
    // The folder is there now, so the flag is no longer needed.
    assert(output.trimEnd().endsWith("  Lighthouse"), output);
    const own = /^\.\/alone\/(erth$|erth-data\/)/;
    assertEquals(written.filter((path) => !own.test(path)), ["./alone/home"]);
  },
});
