import { assertEquals } from "@std/assert";
import { join } from "node:path";
import catalogue from "../../errors.json" with { type: "json" };
import { launchCommands } from "../../shell/commands/launch.ts";
import { mirrorCommands } from "../../shell/commands/mirror.ts";
import { modelCommands } from "../../shell/commands/models.ts";
import { unsavedCommands } from "../../shell/commands/unsaved.ts";
import { Erth, poll, ROOT } from "../harness.ts";
import { withOddFiles } from "./odd_files.ts";
import { BODIES, IDS, NAMES, ROUTES, TEXTS, VALUES } from "./odd_inputs.ts";

const PATIENCE_MS = 30_000;
/** Requests at a time. */
const AT_ONCE = 6;
/** More than this no client puts into an address. */
const LONGEST_QUERY = 8_000;
const SCRIPT = { accept: "application/json" };
const PAGE = { "hx-request": "true", accept: "text/html" };

interface Try {
  name: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: BodyInit;
}

/** Ids of what is there, by the first part of a route and the name in it. */
type Ids = Record<string, Record<string, string>>;

/** The routes of the pages as they register them, and of the shell as its sources name them. */
async function routesThatThereAre(): Promise<string[]> {
  const { stdout } = await new Deno.Command(join(ROOT, ".venv", "bin", "python"), {
    args: [join(ROOT, "tests", "fixtures", "routes.py")],
    env: { PYTHONPATH: join(ROOT, "sidecar") },
  }).output();
  const pages = new TextDecoder().decode(stdout).trim().split("\n");
  const backend = await Deno.readTextFile(join(ROOT, "shell", "backend.ts"));
  const named = [
    ...backend.matchAll(/(?:^ +\[|(?:commands|screens)\.set\(\s*)"([\w./]+)",/gm),
  ];
  // deno-lint-ignore no-explicit-any -- they only give their names
  const nobody = {} as any;
  return [
    ...pages,
    ...[
      ...launchCommands(nobody),
      ...mirrorCommands(nobody, ""),
      ...modelCommands(nobody, ""),
      ...unsavedCommands(nobody),
    ].map(([name]) => `POST shell/${name}`),
    ...named.map(([, name]) =>
      /^(status|mirror|models|unsaved)/.test(name!) ? `GET ${name}` : `POST shell/${name}`
    ),
  ];
}

/** All that is tried at one route. */
function* triesOf(
  route: string,
  fields: readonly string[],
  ids: Ids,
  files: [string, string][],
): Generator<Try> {
  const [method = "", pattern = ""] = route.split(" ");
  const known = ids[pattern.split("/")[0]!] ?? {};
  const filled = (path: string) => path.replaceAll(/:(\w+)/g, (_, name) => known[name] ?? "x");
  const made = { method, path: filled(pattern), name: route, headers: SCRIPT };
  for (const field of fields) {
    const texts = [...TEXTS, ...NAMES.includes(field) ? files : []];
    yield* method === "GET" ? queries(made, field, texts) : forms(made, field, texts);
  }
  for (const [what, type, body] of method === "GET" ? [] : BODIES) {
    const headers = { ...SCRIPT, ...type === "" ? {} : { "content-type": type } };
    yield { ...made, name: `${route} ${what}`, headers, body };
  }
  for (const name of pattern.match(/:\w+/g) ?? []) {
    for (const id of IDS) {
      const path = filled(pattern.replace(name, id));
      yield { ...made, path, name: `${route} ${name} is ${id.slice(0, 50)}` };
    }
  }
}

function* queries(made: Try, field: string, texts: Iterable<readonly [string, string]>) {
  for (const [what, text] of texts) {
    const query = new URLSearchParams({ [field]: text.toWellFormed().slice(0, LONGEST_QUERY) });
    // Every other one as a page, that neither is tried twice.
    const headers = what.length % 2 === 0 ? SCRIPT : PAGE;
    yield {
      ...made,
      name: `${made.name} ${field}: ${what}`,
      path: `${made.path}?${query}`,
      headers,
    };
  }
}

function* forms(made: Try, field: string, texts: Iterable<readonly [string, string]>) {
  const headers = { ...SCRIPT, "content-type": "application/json" };
  for (const [what, text] of texts) {
    const name = `${made.name} ${field}: ${what}`;
    const body = new URLSearchParams({ [field]: text.toWellFormed() });
    if (what.length % 2 === 0) yield { ...made, name, headers: PAGE, body };
    else yield { ...made, name, headers, body: JSON.stringify({ [field]: text }) };
  }
  for (const value of VALUES) {
    const body = JSON.stringify({ [field]: value });
    yield { ...made, name: `${made.name} ${body}`, headers, body };
  }
}

/** What is wrong with an answer; nothing if all is well. */
async function wrongWith(erth: Erth, { name, path, ...init }: Try): Promise<string | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const answer = await erth.fetch(path, { ...init, signal, redirect: "manual" });
    const text = await answer.text();
    const stack = /Traceback|\n\s+at .*:\d+:\d+/.test(text);
    if (!stack && (answer.status < 500 || hasCode(answer.status, text))) return;
    return `${name}: ${answer.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return `${name}: ${error}`;
  }
}

/** Whether a failure is one of the catalogue: a script is told its code, a person its message. */
function hasCode(status: number, text: string): boolean {
  const words = text.replaceAll(/&#(39|x27);/g, "'").replaceAll(/&(#34|quot);/g, '"');
  return Object.entries(catalogue).some(([code, error]) =>
    code !== "INTERNAL" && error.status === status &&
    (words.includes(`"${code}"`) || words.includes(error.message))
  );
}

async function allOf(erth: Erth, tries: Iterable<Try>): Promise<string[]> {
  const wrong: string[] = [];
  const waiting = tries[Symbol.iterator]();
  const work = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const found = await wrongWith(erth, next.value);
      if (found !== undefined) wrong.push(found);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return wrong;
}

async function makeThings(erth: Erth, folder: string): Promise<Ids> {
  const { id: note } = await erth.json<{ id: string }>("notes", { title: "Lighthouse" });
  const path = join(folder, "lease.txt");
  await Deno.writeTextFile(path, "The rent is due on the first.");
  const { id: file } = await erth.json<{ id: string }>("library", { path });
  const ids: Ids = { notes: { id: note }, library: { id: file } };
  for (const at of ["chat", "temporary"]) {
    const { id, message_id, answer_id } = await erth.json<Record<string, string>>(`${at}/new`, {
      question: "Who?",
    });
    ids[at] = { id: id!, message: message_id!, answer: answer_id! };
    await poll(async () =>
      (await erth.json<{ state: string }>(`${at}/${id}/answers/${answer_id}`)).state === "done"
    );
  }
  return ids;
}

Deno.test("every route is tried", async () => {
  assertEquals((await routesThatThereAre()).toSorted(), Object.keys(ROUTES).toSorted());
});

Deno.test("whatever a form or a query is given, there is an answer or a code", () =>
  withOddFiles(async ({ data, files, program }) => {
    await using erth = await Erth.start({ data, binary: program });
    const ids = await makeThings(erth, join(data, ".."));
    const wrong: string[] = [];
    for (const [route, fields] of Object.entries(ROUTES)) {
      if (route === "POST shell/stop" || route === "POST shell/guest") continue;
      wrong.push(...await allOf(erth, triesOf(route, fields, ids, files)));
    }
    assertEquals(wrong, []);
    const log = await Deno.readTextFile(join(erth.data, "logs", "erth.log"));
    const bad = log.split("\n").filter((line) =>
      /^\S+ error |Traceback|sidecar\.(gone|died)/.test(line)
    );
    assertEquals(bad, []);
  }));
