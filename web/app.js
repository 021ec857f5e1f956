// What the page does by itself: theme, news, failures, unsaved text, focus, keys.
const $ = (selector) => document.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const on = (name, handler) => document.addEventListener(name, handler);
const go = (path) => htmx.ajax("GET", path, { source: "#screen", target: "#screen" });
const tell = (it) => $("[data-measured=true]") && navigator.sendBeacon(`shell/measure?event=${it}`);
const isScreen = ({ target }) => /^(main|screen)$/.test(target?.id);
// Theme: in a cookie, as each start may have another port and so another localStorage.
const themes = ["auto", "light", "dark"];
let theme = Math.max(0, themes.findIndex((name) => document.cookie.includes(`erth_theme=${name}`)));
function setTheme(step) {
  const name = document.documentElement.dataset.theme = themes[theme = (theme + step) % 3];
  document.cookie = `erth_theme=${name}; path=/; max-age=31536000; samesite=strict`;
}
setTheme(0);
// News: one tab holds the stream and shares it; none does while no tab is in sight.
const others = globalThis.BroadcastChannel ? new BroadcastChannel("erth") : { postMessage() {} };
const locks = navigator.locks ?? { request: (_name, _options, run) => run() };
const SHELL = ["sidecar", "mirror", "status"]; // topics that the shell tells of itself
let last = document.documentElement.dataset.news, visible;
function hear({ name, at, topic, id }) {
  last = at;
  const missed = name === "reset" && [name, "notes", "threads", "library", "models", ...SHELL];
  for (const it of missed || [topic, `${topic}-${id}`]) htmx.trigger("body", `erth:${it}`);
}
function stream(signal, done) {
  const source = new EventSource(`events?after=${last}`);
  signal.addEventListener("abort", () => done(source.close()));
  source.onerror = () => source.readyState === 2 && setTimeout(() => follow(follow(true)), 3000);
  const pass = ({ data, type: name, lastEventId: at }) => {
    const news = { ...JSON.parse(data), name, at };
    hear(news, others.postMessage(news));
  };
  for (const name of ["hello", "changed", "reset"]) source.addEventListener(name, pass);
}
function follow(stop = document.hidden) {
  if (stop) visible = visible?.abort();
  if (stop || visible) return;
  const { signal } = visible = new AbortController();
  locks.request("erth", { signal }, () => new Promise(stream.bind(null, signal))).catch(() => {});
}
others.onmessage = ({ data }) => hear(data);
on("visibilitychange", () => follow());
addEventListener("load", () => {
  follow(void tell("loaded"));
  if (!/Mac/.test(navigator.platform)) return;
  for (const key of all("#keys kbd")) key.textContent = key.textContent.replace("Ctrl", "⌘");
});
// Failures: an action's goes to the toasts, any other where its answer would have gone.
on("htmx:response:error", ({ detail: { ctx } }) => {
  if (ctx.request.method === "GET" || ctx.sourceElement.matches("[data-keep], [data-here]")) return;
  Object.assign(ctx, { target: "#toasts", swap: "beforeend" });
});
on("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && !ctx.response) $("#toasts").replaceChildren($("#offline").content.cloneNode(true));
});
on("htmx:before:request", ({ detail: { ctx } }) => {
  Object.assign(ctx, { since: last, sheet: $(":popover-open") });
  if (isScreen(ctx)) $("[data-keep] :focus")?.blur(); // which saves it
});
const LINKS = ".rail > a, .items a";
// Where one is: which links are current, and a focus that isn't lost with what held it.
on("htmx:after:swap", ({ detail: { ctx } }) => {
  const here = location.pathname.replace(/\/temporary(?=\/|$)/, "/chat");
  // Not over the whole page: a conversation may be long.
  const parts = ["#found", ".rail", ".list"].map($).filter(Boolean);
  for (const link of parts.flatMap((it) => all(LINKS, it))) {
    link.ariaCurrent = `${here}/`.startsWith(`${link.pathname}/`) ? "page" : null;
  }
  if (isScreen(ctx) && ctx.since !== last) hear({ name: "reset", at: last }); // it may be stale
  if (!isScreen(ctx) || /^erth:/.test(ctx.sourceEvent?.type)) return;
  if (ctx.sourceEvent?.type === "load") return tell("fragment");
  ctx.sheet?.hidePopover($(":popover-open :focus")?.blur());
  if (document.activeElement === document.body) $("#main")?.focus();
});
on("htmx:before:history:restore", (event) => event.preventDefault(go(event.detail.path)));
on("animationend", ({ target }) => target.parentElement?.id === "toasts" && target.remove());
on("focusin", ({ target }) => target.matches("[type=search]") && target.select());
on("click", ({ target }) => target.closest("#theme") && setTheme(1));
on("keydown", (event) => {
  const { target, key, shiftKey, isComposing } = event, { enter } = target.dataset;
  const name = (event.ctrlKey || event.metaKey ? "mod+" : "") + key.toLowerCase();
  const typing = target.matches("input, textarea") && !/^(mod|esc)/.test(name);
  const inner = key === "Escape" && (target.closest(".edit") || $(":popover-open"));
  const step = { ArrowDown: 1, ArrowUp: -1 }[key], list = step && target.closest("[data-arrows]");
  const stops = list ? all("[type=search], li > :is(a, button)", list) : [];
  let goal = stops[stops.indexOf(target) + step];
  if (enter && key === "Enter") goal = !shiftKey && !isComposing && $(enter);
  else if (!typing && !inner) goal ??= $(`[data-key~="${CSS.escape(name)}"]:not([hidden])`);
  if (!goal) return;
  if (!step && goal.matches("a")) $("[data-keep] :focus")?.blur(); // saves before what reads
  event.preventDefault(step || goal.matches("input, textarea") ? goal.focus() : goal.click());
});
