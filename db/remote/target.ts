/** Where the mirror goes and what it needs for that. */
export interface MirrorTarget {
  /** `libsql:`, `https:` or `http:`. */
  url: string;
  token: string;
}
