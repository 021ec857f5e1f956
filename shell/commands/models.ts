import { asErthError, ErthError } from "../../errors.ts";
import { readForm } from "../gateway/form.ts";
import type { ShellCommand } from "../gateway/gateway.ts";
import { htmlResponse } from "../presentation/html.ts";
import { modelsFragment, type ModelsNote } from "../screens/models/screen.ts";
import { readDownload } from "../models/transfer/target.ts";
import { partsOf } from "../models/files/files.ts";
import type { Models } from "../models/mount.ts";
import { type ModelSettings, QUOTE } from "../models/settings/settings.ts";

type Fields = Record<string, string>;

/** A limit of a setting: its least and most, and whether it is a whole number. */
type Limits = readonly [number, number, boolean];

const NUMBERS: Readonly<Record<Exclude<keyof ModelSettings, "system">, Limits>> = {
  context: [512, 1 << 24, true],
  threads: [1, 512, true],
  temperature: [0, 2, false],
  top_p: [0, 1, false],
  max_tokens: [1, 1 << 20, true],
};
const LONGEST_SYSTEM = 20_000;

/**
 * What pages and scripts may say about models, by name below `shell/`. A script gets the report as
 * JSON, or the error; a page the Models screen, with what went wrong in it.
 */
export function modelCommands(models: Models, title: string): [string, ShellCommand][] {
  const { downloads, endpoints, files, keeper, settings } = models;
  const commands: Record<string, (fields: Fields, page: boolean) => Promise<ModelsNote | void>> = {
    load: async ({ ref = "" }) => {
      await files.refresh();
      keeper.load(ref);
    },
    unload: ({ ref }) => Promise.resolve(keeper.unload(ref || undefined)),
    use: async ({ ref = "" }) => {
      if (ref !== QUOTE) await known(models, ref);
      settings.change((content) => content.default = ref);
    },
    settings: async ({ ref = "", ...fields }) => {
      await known(models, ref);
      const wanted = readSettings(fields);
      settings.change((content) => {
        if (Object.keys(wanted).length > 0) content.models[ref] = wanted;
        else delete content.models[ref];
      });
    },
    add: async ({ path = "" }) => {
      if (path.trim() === "") throw new ErthError("MODEL_GONE", "There is no path");
      await models.take(unquoted(path));
    },
    // A page sees by the screen how far it is; a script asks.
    pull: ({ url = "", sha256 }) => Promise.resolve(pull(models, url, sha256)),
    cancel: ({ id = "" }) => Promise.resolve(downloads.cancel(id)),
    resume: ({ id = "" }) => Promise.resolve(downloads.resume(id)),
    remove: async ({ ref = "" }) => ({ removed: await models.remove(ref) }),
    restore: async ({ ref = "" }) => {
      await models.restore(ref);
      return { restored: ref };
    },
    refresh: () => endpoints.refresh(true),
    endpoint: async ({ force, key, model, preset, title, url }) => {
      const id = await endpoints.add({ preset, url, title, key, model, force: isYes(force) });
      const [only, ...others] = endpoints.find(id)?.models ?? [];
      const stays = !endpoints.report().find((it) => it.id === id)?.leaves;
      if (only !== undefined && others.length === 0 && stays) models.choose(`${id}/${only.name}`);
    },
    "endpoint/remove": ({ id = "" }) => Promise.resolve(endpoints.remove(id)),
  };
  return Object.entries(commands).map(([name, run]) => [`models/${name}`, {
    caller: "any",
    run: async (request) => {
      const script = (request.headers.get("accept") ?? "").includes("application/json");
      const fields = await readForm(request);
      try {
        const note = await run(fields, !script);
        if (script) return Response.json(models.report());
        return htmlResponse(modelsFragment(models.report(), title, note ?? {}));
      } catch (thrown) {
        if (script) throw thrown;
        const error = asErthError(thrown);
        const { key: _, ...given } = fields;
        // Two forms have an address.
        const of = name === "endpoint"
          ? { endpoint: given.url ?? "", title: given.title ?? "", model: given.model ?? "" }
          : given;
        return htmlResponse(
          modelsFragment(models.report(), title, { error, given: of }),
          error.status,
        );
      }
    },
  }]);
}

/** `POST shell/upload?name=`: takes a file; always answers with JSON, as a script sends it. */
export function uploadCommand(models: Models): ShellCommand {
  return {
    caller: "any",
    run: async (request) => {
      try {
        return Response.json(await models.uploads.take(request), { status: 201 });
      } catch (thrown) {
        const error = asErthError(thrown);
        return Response.json(error, { status: error.status });
      }
    },
  };
}

/** `POST shell/dropped`: takes what was let go over the window; JSON `{"files"}`. */
export function droppedCommand({ dropped }: Models): ShellCommand {
  return { caller: "any", run: async () => Response.json({ files: await dropped.take() }) };
}

/** Begins a download, of all parts if the address is the first one's. */
function pull({ downloads }: Models, url: string, checksum?: string): void {
  const { sha256, url: whole } = readDownload(url, checksum);
  const [, address = whole, query = ""] = /^([^?]*)(\?.*)?$/.exec(whole) ?? [];
  const parts = partsOf(address);
  if (parts.length > 1 && sha256 !== "") {
    throw new ErthError(
      "MODEL_URL",
      `A checksum is of one file, and this model has ${parts.length}`,
    );
  }
  for (const part of parts) downloads.start(part + query, sha256);
}

async function known(models: Models, ref: string): Promise<void> {
  await models.files.refresh();
  if (models.report().models.some((model) => model.ref === ref)) return;
  throw new ErthError("MODEL_NOT_FOUND", ref);
}

function readSettings(fields: Fields): ModelSettings {
  const settings: ModelSettings = {};
  for (const [name, [least, most, whole]] of Object.entries(NUMBERS)) {
    const text = fields[name]?.trim() ?? "";
    if (text === "") continue;
    const value = Number(text.replace(",", "."));
    const fits = value >= least && value <= most && (!whole || Number.isInteger(value));
    if (!fits) {
      const kind = whole ? "a whole number" : "a number";
      const detail = `'${name}' must be ${kind} from ${least} to ${most}: it is ${text}`;
      throw new ErthError("BAD_REQUEST", detail);
    }
    settings[name as keyof typeof NUMBERS] = value;
  }
  const system = fields.system?.trim().slice(0, LONGEST_SYSTEM);
  return system ? { ...settings, system } : settings;
}

/** As file managers copy it. */
function unquoted(path: string): string {
  const plain = path.trim().replace(/^(["'])(.*)\1$/, "$2");
  return plain.startsWith("file:///") ? decodeURIComponent(new URL(plain).pathname) : plain;
}

function isYes(text: string | undefined): boolean {
  return text === "1" || text === "true" || text === "on";
}
