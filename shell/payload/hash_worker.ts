import type { Manifest } from "./format.ts";
import { isWhole } from "./verify.ts";

/** What is to be hashed, as `hashedElsewhere` posts it. */
export interface HashOrder {
  manifest: Manifest;
  folder: string;
}

declare const self: DedicatedWorkerGlobalScope;
interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<HashOrder>) => void) | null;
  postMessage(whole: boolean): void;
}

self.onmessage = async ({ data: { manifest, folder } }) => {
  self.postMessage(await isWhole(manifest, folder));
};
