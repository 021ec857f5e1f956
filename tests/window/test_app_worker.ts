/** The backend of the test app: pages, a heartbeat, and orders read from standard input. */
import { remote, type RemoteHandle } from "@webview/webview";

declare const self: DedicatedWorkerGlobalScope;
interface DedicatedWorkerGlobalScope {
  onmessage: (event: MessageEvent<{ handle: RemoteHandle; heartbeat: SharedArrayBuffer }>) => void;
  postMessage(message: { url: string }): void;
}

const FILL = "position:fixed;inset:0;display:block";
const html = (body: string) =>
  new Response(
    `<!doctype html><meta charset="utf-8"><style>html{background:#ff0000}</style>
     <body><div id="toasts"></div>${body}<script src="/report.js"></script>`,
    { headers: { "content-type": "text/html" } },
  );

/** Tells the server what a test wants to know of the page. */
const REPORT = `
  const tell = (what) => fetch("/tell?" + new URLSearchParams(what));
  // Once it is painted: what isn't on screen yet can't be clicked.
  requestAnimationFrame(() => requestAnimationFrame(() => tell({
    page: location.pathname,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    cookie: document.cookie,
  })));
  addEventListener("resize", () => tell({ width: innerWidth }));
  document.addEventListener("focusout", (event) => tell({ left: event.target.id }));
  new MutationObserver(() => tell({ toast: document.getElementById("toasts").textContent }))
    .observe(document.getElementById("toasts"), { childList: true });
`;

const outside = "https://example.invalid/outside";
const pages: Record<string, () => Response> = {
  "/": () => html("<h1>Hello</h1>"),
  "/held": () => html("At last"),
  "/link": () => html(`<a href="${outside}" style="${FILL}">out</a>`),
  "/blank": () => html(`<a href="/" target="_blank" style="${FILL}">own, new window</a>`),
  "/blank-outside": () => html(`<a href="${outside}" target="_blank" style="${FILL}">out</a>`),
  "/script": () => html(`<script src="/leave.js"></script>`),
  "/leave.js": () =>
    script(`addEventListener("load", () => {
      location.href = "${outside}";
      setTimeout(() => tell({ stayed: location.pathname }), 200);
    })`),
  "/file-link": () => html(`<a href="/file" style="${FILL}">file</a>`),
  "/blob-link": () =>
    html(`<a id="a" download="b.txt" style="${FILL}">b</a><script src="/b.js"></script>`),
  "/b.js": () => script(`a.href = URL.createObjectURL(new Blob(["from a blob"]))`),
  "/write": () => html(`<input id="field" autofocus>`),
  "/cookie": () => {
    const response = html("cookie");
    response.headers.set("set-cookie", "theme=dark; path=/; max-age=31536000; samesite=strict");
    return response;
  },
  "/report.js": () => script(REPORT),
  "/file": () =>
    new Response("from the server", {
      headers: {
        "content-type": "text/plain",
        "content-disposition": 'attachment; filename="a note.txt"',
      },
    }),
};

function script(source: string): Response {
  return new Response(source, { headers: { "content-type": "text/javascript" } });
}

const tell = (event: Record<string, unknown>) => console.log(JSON.stringify(event));
const released = Promise.withResolvers<void>();
let beating = true;

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  async (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/tell") tell(Object.fromEntries(url.searchParams));
    if (url.pathname === "/held") await released.promise;
    return pages[url.pathname]?.() ?? new Response("", { status: 404 });
  },
);
const origin = `http://127.0.0.1:${server.addr.port}`;
self.postMessage({ url: origin });

self.onmessage = async ({ data: { handle, heartbeat } }) => {
  const window = remote(handle);
  const beats = new Int32Array(heartbeat);
  setInterval(() => beating && Atomics.add(beats, 0, 1), 100);
  const orders: Record<string, (argument: string) => void> = {
    go: (path) => window.navigate(origin + path),
    raise: () => window.raise(),
    quit: () => window.quit(),
    flood: () => {
      for (let n = 0; n < 200; n++) window.navigate(`${origin}/?${n}`);
    },
    rest: () => void (beating = false),
    beat: () => void (beating = true),
    release: () => released.resolve(),
  };
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const chunk of lines) {
    for (const line of chunk.split("\n").filter(Boolean)) {
      const [order = "", argument = ""] = line.split(" ");
      orders[order]?.(argument);
    }
  }
};
