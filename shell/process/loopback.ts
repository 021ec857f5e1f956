/** Whether a host of a URL is this computer itself. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost)$/.test(host);
}

/** Whether a host is this computer or on a network of one's own (RFC 1918, RFC 4193, RFC 6762). */
export function isPrivate(host: string): boolean {
  return isLoopback(host) ||
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)[\d.]+$/.test(host) ||
    /^\[f[cd]|^\[fe80:/.test(host) || /\.(local|lan|internal|home\.arpa)$/.test(host) ||
    !/[.:]/.test(host);
}
