import { asErthError, ErthError } from "../../errors.ts";
import { readForm } from "../gateway/form.ts";
import type { ShellCommand } from "../gateway/gateway.ts";
import { htmlResponse } from "../presentation/html.ts";
import type { MirrorKeeper } from "../mirror/keeper.ts";
import { mirrorFragment } from "../screens/mirror/screen.ts";
import type { MirrorNote } from "../screens/mirror/screen.ts";

type Fields = Record<string, string>;

/**
 * What pages and scripts may tell the mirror, by name below `shell/`. A script gets the report as
 * JSON, or the error; a page the Mirror screen, with what went wrong in it.
 */
export function mirrorCommands(
  mirror: MirrorKeeper,
  title: string,
): [string, ShellCommand][] {
  const commands: Record<string, (fields: Fields, page: boolean) => Promise<MirrorNote | void>> = {
    connect: (fields) => connect(mirror, fields),
    agree: () => mirror.agree(),
    decline: () => Promise.resolve(mirror.decline()),
    disconnect: () => mirror.disconnect(),
    // A page sees by the screen how far it is; a script waits for the end.
    now: (_, page) => page ? begun(mirror.now()) : mirror.now(),
    forget: async ({ device = "" }) => {
      const name = nameOf(mirror, device);
      await mirror.forget(device);
      return { forgotten: name };
    },
    dismiss: () => mirror.dismiss(),
  };
  return Object.entries(commands).map(([name, run]) => [`mirror/${name}`, {
    caller: "any",
    run: async (request) => {
      const script = (request.headers.get("accept") ?? "").includes("application/json");
      const fields = await readForm(request);
      try {
        const note = await run(fields, !script);
        if (script) return Response.json(mirror.report());
        return htmlResponse(mirrorFragment(mirror.report(), title, note ?? {}));
      } catch (thrown) {
        if (script) throw thrown;
        const error = asErthError(thrown);
        // The question itself stands on the screen.
        const asks = error.code === "MIRROR_MERGE" && mirror.report().asking !== undefined;
        const note = asks ? {} : { error, wish: { url: fields.url, deviceName: fields.name } };
        return htmlResponse(
          mirrorFragment(mirror.report(), title, note),
          asks ? 200 : error.status,
        );
      }
    },
  }]);
}

async function connect(mirror: MirrorKeeper, fields: Fields): Promise<void> {
  const { url = "", token, name: deviceName, force, merge } = fields;
  await mirror.connect({ url, token, deviceName, force: isYes(force), merge: isYes(merge) });
}

function isYes(text: string | undefined): boolean {
  return text === "1" || text === "true" || text === "on";
}

function nameOf(mirror: MirrorKeeper, id: string): string {
  const report = mirror.report();
  const device = report.phase === "off" ? undefined : report.devices.find((it) => it.id === id);
  if (device === undefined) throw new ErthError("NOT_FOUND", "There is no such device");
  return device.name;
}

/** What becomes of it shows in the state. */
function begun(work: Promise<void>): Promise<void> {
  work.catch(() => {});
  return Promise.resolve();
}
