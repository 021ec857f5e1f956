/** A file of the project. */
export interface Source {
  /** Relative to the root, with slashes. */
  path: string;
  text: string;
  /** What it imports, types included: relative paths, or `npm:` and `node:` specifiers. */
  imports: string[];
}
