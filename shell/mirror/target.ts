import type { MirrorTarget } from "../../db/remote/target.ts";
import { ErthError } from "../../errors.ts";
import { isLoopback } from "../process/loopback.ts";

/** What a person gives for a connection. */
export interface TargetWish {
  /** `libsql://HOST`, `https://HOST` or `http://HOST`; a token may stand in its query. */
  url: string;
  token?: string;
  /** Whether unencrypted connections may leave this computer. */
  force?: boolean;
}

/**
 * Checks where the mirror shall go. What is secret in the address (`authToken` in its query, a
 * password) moves into the token; everything else that isn't scheme, host or path goes.
 *
 * @throws {ErthError} `MIRROR_URL`.
 */
export function readTarget({ url, token = "", force = false }: TargetWish): MirrorTarget {
  const [, scheme = "", rest = ""] = /^([a-z]+):(\/\/.+)$/i.exec(url.trim()) ?? [];
  const kind = scheme.toLowerCase();
  // Only for web schemes hosts are read by the URL Standard's rules (lower case, IPv4 forms).
  const parsed = URL.parse(`https:${rest}`);
  if (parsed === null || !["libsql", "https", "http"].includes(kind)) {
    throw new ErthError("MIRROR_URL", refusal(kind, parsed));
  }
  const plain = kind === "http" || (kind === "libsql" && parsed.searchParams.get("tls") === "0");
  if (plain && !force && !isLoopback(parsed.hostname)) {
    throw new ErthError("MIRROR_URL", `${parsed.host} would be spoken to without encryption`);
  }
  const secret = token.trim() || parsed.searchParams.get("authToken") ||
    parsed.password;
  if (!/^[\x21-\x7e]*$/.test(secret)) {
    throw new ErthError("MIRROR_AUTH", "The token has spaces or letters that none has");
  }
  // The port that goes without saying depends on the scheme, and `parsed` took it for https.
  const port = plain && /^[^/]*:443(\/|$)/.test(rest.slice(2).split("@").at(-1)!) ? ":443" : "";
  const address = parsed.host + port + parsed.pathname.replace(/\/+$/, "");
  return { url: `${plain ? "http" : kind}://${address}`, token: secret };
}

/** The remote's name for people: host, and port if it isn't the usual one. */
export function hostOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
}

function refusal(kind: string, parsed: URL | null): string {
  if (kind === "") return "It must start with libsql:// or https://";
  return parsed === null ? "There is no host in it" : `${kind}:// isn't known here`;
}
