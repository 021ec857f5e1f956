/**
 * A small app around a window, for tests: options as JSON in the first argument, orders on standard
 * input, what happens as JSON lines on standard output.
 */
import { asErthError } from "../../errors.ts";
import { openInBrowser } from "../../shell/process/browser.ts";
import { Webview } from "@webview/webview";

const tell = (event: Record<string, unknown>) => console.log(JSON.stringify(event));
const { browser, ...options } = JSON.parse(Deno.args[0] ?? "{}");
const environment = Deno.env.toObject();
// As portable mode does: the user's browser must not inherit it.
if (browser) Deno.env.set("XDG_STATE_HOME", "/changed");
const worker = new Worker(import.meta.resolve("./test_app_worker.ts"), { type: "module" });
const listening = new Promise<string>((resolve) => {
  worker.onmessage = ({ data }: MessageEvent<{ url: string }>) => resolve(data.url);
});
const heartbeat = new SharedArrayBuffer(4);

try {
  using webview = new Webview({
    title: "Erth test",
    heartbeat,
    openOutside: browser
      ? (url) => void openInBrowser(url, environment)
      : (url) => tell({ outside: url }),
    onDownload: (path) => tell({ download: path }),
    ...options,
  });
  worker.postMessage({ handle: webview.remoteHandle(), heartbeat });
  webview.navigate(`${await listening}${options.path ?? "/"}`);
  webview.run();
  tell({ ended: true });
} catch (thrown) {
  const { code, detail } = asErthError(thrown);
  tell({ code, detail });
}
Deno.exit(0);
