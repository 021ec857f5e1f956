// The open note: what is typed into it is never lost, and what others write shows where nobody types.
const form = () => $("[data-keep]");
const base = () => $("[name=base]")?.value;
const leaving = new Set(); // Requests under way that will take the open note's place.
const kept = new Map(); // Text that couldn't be saved is put back when its form comes again.
const PAUSE = 2000; // Milliseconds without a key after which somebody counts as not typing.
let typing;
on("input", ({ target: { form: it } }) => {
  if (!it?.matches("[data-keep]")) return;
  it.unsaved = "typed";
  clearTimeout(typing);
  typing = setTimeout(() => free(typing = 0), PAUSE);
});
for (const kind of ["start", "end"]) { // of what an input method is still at work on
  on(`composition${kind}`, ({ target: { form: it } }) => it && (it.composing = kind === "start"));
}
on("htmx:before:request", (event) => {
  const { ctx } = event.detail, { sourceElement: it, request } = ctx;
  ctx.base = base();
  if (isNews(ctx) && isHeld(ctx)) return event.preventDefault();
  if (!isNews(ctx) && ctx.target?.contains?.($(".pane"))) leaving.add(ctx);
  if (!it.matches("[data-keep]")) return;
  request.body = new URLSearchParams(new FormData(it, request.submitter)); // as it is now
  request.body.set("writer", it.writer ??= Math.random()); // so that one text isn't kept twice
  it.unsaved = "sent";
});
on("htmx:finally:request", ({ detail: { ctx } }) => {
  const { sourceElement: it, request, response } = ctx, saved = response?.status < 400;
  leaving.delete(ctx);
  if (it.matches("[data-keep]")) {
    kept[saved ? "delete" : "set"](request.action, request.body);
    if (it.unsaved === "sent") it.unsaved = saved ? "" : "typed";
  }
  if (!isNews(ctx)) free();
});
/** Fetches what was held back, unless it still has to be. */
function free() {
  const pane = $(".pane");
  if (!pane?.late || isTyped() || leaving.size) return;
  pane.late = false;
  htmx.trigger(pane, "erth:free");
}
on("htmx:after:process", ({ target }) => {
  for (const it of all("[data-keep]", target)) {
    const fields = kept.get(it.getAttribute("hx-post"));
    for (const [name, value] of fields ?? []) {
      if (it.elements[name]) it.elements[name].value = value;
    }
    if (fields) it.requestSubmit();
  }
});
const isNews = ({ sourceElement: it, sourceEvent }) =>
  it.matches(".pane") && /^erth:/.test(sourceEvent?.type);
const isTyped = () => form() && (form().unsaved || form().composing || typing);
/** Whether what is open mustn't change now: somebody types, has saved since this was asked, or goes. */
function isHeld(ctx) {
  const typed = isNews(ctx) ? isTyped() : form()?.unsaved;
  const held = typed || ctx.base !== base() || (leaving.size && !leaving.has(ctx));
  if (held && $(".pane")) $(".pane").late = true;
  return held;
}
on("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const shows = ctx.swap === "innerMorph" && ctx.target.contains?.($(".pane"));
  if (shows && isHeld(ctx)) event.preventDefault();
  const fields = shows ? all("[data-keep] :is(input, textarea)") : [];
  ctx.fields = fields.map(({ id, value, selectionStart, selectionEnd, scrollTop }) => {
    return { id, value, selectionStart, selectionEnd, scrollTop };
  });
});
on("htmx:after:swap", ({ detail: { ctx } }) => ctx.fields?.forEach(renew));
/** Shows the text that came for a field; the caret stays with its words, and they in sight. */
function renew({ id, value: was, selectionStart, selectionEnd, scrollTop }) {
  const field = document.getElementById(id), is = field?.defaultValue ?? was;
  if (was === is) return;
  field.value = is;
  field.form.writer = undefined; // it goes on from another's text
  field.scrollTop = scrollTop;
  if (field !== document.activeElement) return;
  const [start, end] = [selectionStart, selectionEnd].map((at) => placeIn(is, was, at));
  field.setSelectionRange(start, end);
  const lines = countLines(is.slice(0, start)) - countLines(was.slice(0, selectionStart));
  field.scrollTop = scrollTop + lines * parseFloat(getComputedStyle(field).lineHeight);
}
const countLines = (text) => text.split("\n").length;
/** Where in a text the words stand that were around a place in the text before it. */
function placeIn(is, was, at) {
  if (is.startsWith(was.slice(0, at))) return at;
  if (is.endsWith(was.slice(at))) return is.length - was.length + at;
  for (const reach of [80, 20, 5]) {
    const start = Math.max(0, at - reach), found = is.indexOf(was.slice(start, at + reach));
    if (found >= 0) return found + at - start;
  }
  return Math.min(at, is.length);
}
