import { ErthError } from "../../../errors.ts";
import { cleanName } from "../settings/names.ts";
import { isLoopback } from "../../process/loopback.ts";

/** What to download. */
export interface DownloadTarget {
  /** Without a fragment. */
  url: string;
  /** Of the file to be; ends with `.gguf`. */
  name: string;
  /** In hex, lower case; empty if it isn't known. */
  sha256: string;
}

/**
 * Understands what a person gave as an address: also the page of a file (`…/blob/…`) in place of
 * the file itself (`…/resolve/…`), and a checksum after `#sha256=`.
 *
 * @param checksum One that was given beside the address.
 * @throws {ErthError} `MODEL_URL`.
 */
export function readDownload(text: string, checksum = ""): DownloadTarget {
  const trimmed = text.trim();
  const url = URL.parse(/^[a-z]+:/i.test(trimmed) ? trimmed : `https://${trimmed}`);
  if (url === null || trimmed === "") throw new ErthError("MODEL_URL", "This is no address");
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new ErthError("MODEL_URL", `${url.protocol}// isn't known here`);
  }
  const inside = /^#sha256[=:](.*)$/i.exec(url.hash)?.[1] ?? "";
  const sha256 = (checksum.trim() || inside).toLowerCase().replace(/^sha256[:=]/, "");
  if (sha256 !== "" && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new ErthError("MODEL_URL", "A SHA-256 checksum has 64 digits, 0 to 9 and a to f");
  }
  url.hash = "";
  url.pathname = url.pathname.replace(/^(\/[^/]+\/[^/]+)\/blob(\/.+\.gguf)$/i, "$1/resolve$2");
  const last = decoded(url.pathname.split("/").at(-1) ?? "");
  const name = cleanName(last, "model");
  return { url: url.href, name: /\.gguf$/i.test(name) ? name : `${name}.gguf`, sha256 };
}

/**
 * Where a redirect leads to.
 *
 * @throws {ErthError} `MODEL_URL` if that is nowhere, or gives up encryption.
 */
export function followTo(from: URL, location: string | null): URL {
  const to = location === null ? null : URL.parse(location, from);
  if (to === null) throw new ErthError("MODEL_URL", `${from.host} redirects to nowhere`);
  const plain = to.protocol === "http:" && (from.protocol === "http:" || isLoopback(to.hostname));
  if (
    to.protocol === "https:" || (plain && isLoopback(to.hostname) === isLoopback(from.hostname))
  ) {
    return to;
  }
  throw new ErthError("MODEL_URL", `${from.host} redirects to ${to.protocol}//${to.host}`);
}

/** An address as it may be shown: what a query or a password holds may be secret. */
export function shownUrl(url: string): string {
  const { host, pathname } = new URL(url);
  return host + decoded(pathname);
}

/** What went wrong, in its own words; those of `fetch` hold the whole address. */
export function shownError(thrown: unknown): string {
  const words = `${thrown}`;
  return words.replaceAll(
    /\bhttps?:\/\/[^\s)]+/gi,
    (url) => URL.canParse(url) ? shownUrl(url) : "…",
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
