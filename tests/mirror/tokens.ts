import { encodeBase64Url } from "@std/encoding/base64url";

const HOUR_S = 3600;

/** What a token says; see sqld's docs/AUTH.md. */
export interface Claims {
  /** Default: `rw`. */
  a?: "ro" | "rw";
  /** Seconds since 1970 after which it is refused; default: in an hour. */
  exp?: number;
}

/** A key pair of whoever may let clients into an sqld (Ed25519, RFC 8032). */
export class Issuer {
  readonly #keys: CryptoKeyPair;

  private constructor(keys: CryptoKeyPair) {
    this.#keys = keys;
  }

  static async make(): Promise<Issuer> {
    return new Issuer(
      await crypto.subtle.generateKey({ name: "Ed25519" }, true, [
        "sign",
        "verify",
      ]) as CryptoKeyPair,
    );
  }

  /** The public key as sqld's `--auth-jwt-key-file` takes it. */
  async publicKey(): Promise<string> {
    return encodeBase64Url(await crypto.subtle.exportKey("raw", this.#keys.publicKey));
  }

  /** A signed token (RFC 7519). */
  async token(claims: Claims = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const encode = (value: unknown) => encodeBase64Url(JSON.stringify(value));
    const body = { iat: now - HOUR_S, exp: now + HOUR_S, a: "rw", ...claims };
    const text = `${encode({ alg: "EdDSA", typ: "JWT" })}.${encode(body)}`;
    const bytes = new TextEncoder().encode(text);
    const signature = await crypto.subtle.sign("Ed25519", this.#keys.privateKey, bytes);
    return `${text}.${encodeBase64Url(signature)}`;
  }
}

/** Tokens for one server, each with what is wrong with it. */
export interface Tokens {
  valid: string;
  expired: string;
  readOnly: string;
  /** Well-formed, signed with another key. */
  forged: string;
}

/** One token of each kind; all empty without an issuer. */
export async function tokensOf(issuer: Issuer | undefined): Promise<Tokens> {
  if (issuer === undefined) return { valid: "", expired: "", readOnly: "", forged: "" };
  const past = Math.floor(Date.now() / 1000) - HOUR_S;
  return {
    valid: await issuer.token(),
    expired: await issuer.token({ exp: past }),
    readOnly: await issuer.token({ a: "ro" }),
    forged: await (await Issuer.make()).token(),
  };
}
