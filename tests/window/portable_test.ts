import { assertEquals } from "@std/assert";
import { alone, MAY_MOUNT } from "../process/sandbox.ts";
import { Screen } from "./screen.ts";

const USE = `
export DISPLAY="$SCREEN" DBUS_SESSION_BUS_ADDRESS="$BUS"
mkdir erth-data
./erth & window=$!
until ./erth status --json >/dev/null; do :; done
until xdotool search --onlyvisible --name '^Erth$' >/dev/null; do :; done
./erth note add "From the stick" --json >/dev/null
# The tool that looks at the picture must not write where we look for traces.
export MAGICK_TEMPORARY_PATH=/dev/shm MAGICK_TMPDIR=/dev/shm
until import -silent -window "$(xdotool search --onlyvisible --name '^Erth$')" png:- |
  [ "$(identify -format %k -)" -gt 50 ]; do :; done
wmctrl -c Erth
wait $window
echo "exit $?"
`;

Deno.test({
  name: "a portable window writes nothing outside its folder",
  // Without mounts there is no layer that catches every write.
  ignore: !MAY_MOUNT,
  fn: async () => {
    await using screen = await Screen.open();
    const { DISPLAY = "", DBUS_SESSION_BUS_ADDRESS = "" } = screen.env;
    const variables = `SCREEN='${DISPLAY}' BUS='${DBUS_SESSION_BUS_ADDRESS}'`;
    const { output, written } = await alone(`${variables}; ${USE}`);
    assertEquals(output.trim().split("\n").at(-1), "exit 0");
    const outside = written.filter((path) => !path.startsWith("./alone/erth-data/"));
    assertEquals(outside, ["./alone/erth", "./alone/home"]);
  },
});
