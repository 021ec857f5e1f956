import { asErthError, ErthError } from "../../../errors.ts";
import { readBody } from "../../gateway/body.ts";
import { parseObject } from "../../process/lines.ts";
import type { OfferedModel } from "../settings/settings.ts";

const MOST_BYTES = 4 * 1024 * 1024;
const LONGEST_NAME = 200;
/** What servers call the length of the context, none of which is in OpenAI's description. */
const CONTEXT = ["max_model_len", "context_length", "context_window", "max_context_length"];
/** Models that don't write answers. */
const OTHERS = /embed|whisper|tts|rerank|dall-e|moderation|transcri/i;

/**
 * The models in an answer to `GET /models` (OpenAI API reference, "List models").
 *
 * @throws {ErthError} `ENDPOINT_AUTH`, `ENDPOINT_BUSY`, `ENDPOINT_FOREIGN`, `ENDPOINT_SLOW`.
 */
export async function readModelList(response: Response): Promise<OfferedModel[]> {
  const { status } = response;
  if (!response.ok) await response.body?.cancel();
  if (status === 401 || status === 403) throw new ErthError("ENDPOINT_AUTH", `It said ${status}`);
  if (status === 429 || status === 503) throw new ErthError("ENDPOINT_BUSY", `It said ${status}`);
  if (status >= 500) throw new ErthError("ENDPOINT_SLOW", `It said ${status}`);
  if (status >= 300 && status < 400) {
    const to = URL.parse(response.headers.get("location") ?? "", response.url)?.host ?? "nowhere";
    throw new ErthError("ENDPOINT_FOREIGN", `It redirects to ${to}`);
  }
  if (!response.ok) throw new ErthError("ENDPOINT_FOREIGN", `It said ${status} to /models`);
  const { data, models } = parseObject(await readText(response)) ?? {};
  const list = Array.isArray(data) ? data : models;
  // Ollama without models says null.
  if (data === null) return [];
  if (!Array.isArray(list)) throw new ErthError("ENDPOINT_FOREIGN", "It has no list of models");
  return list.flatMap(offered);
}

function offered(it: unknown): OfferedModel[] {
  if (typeof it !== "object" || it === null) return [];
  const entry = it as Record<string, unknown>;
  const name = entry.id ?? entry.name;
  if (typeof name !== "string" || name === "" || name.length > LONGEST_NAME) return [];
  // It is shown in terminals, too.
  if (OTHERS.test(name) || /\p{Cc}/u.test(name)) return [];
  const meta = typeof entry.meta === "object" && entry.meta !== null ? entry.meta : {};
  const told = { ...meta as Record<string, unknown>, ...entry };
  const context = [...CONTEXT, "n_ctx", "n_ctx_train"].map((key) => told[key])
    .find((value): value is number => Number.isInteger(value) && (value as number) > 0);
  return [context === undefined ? { name } : { name, context }];
}

async function readText(response: Response): Promise<string> {
  try {
    return new TextDecoder().decode(await readBody(response, { most: MOST_BYTES }));
  } catch (thrown) {
    const { cause, code } = asErthError(thrown);
    if (code === "BODY_TOO_LARGE") throw new ErthError("ENDPOINT_FOREIGN", "Its answer has no end");
    throw cause ?? new ErthError("ENDPOINT_SLOW", "Its answer paused for too long");
  }
}
