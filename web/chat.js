// The chat: an answer that grows, a place that stays while it does, copying, editing in place.
const FAR = 240; // Pixels from the end at which a way back to it is offered.
const SLOTS = 2; // Streams of answers in all tabs: a browser opens six connections to one host.
const RENDER = 500; // Milliseconds from one rendering of a growing answer to the next, at least.
const box = () => $(".scroll");
const asks = () => $(".composer [name=question]");
const isAtEnd = (it) => it.scrollTop > -40; // It is laid out from its end, which is 0.
/** Remembers what one reads; what it gives puts that back where it was. */
function keepPlace() {
  const it = box();
  // Below the end of a page that isn't the last, one reads on.
  if (!it || (isAtEnd(it) && !$(".newer [hx-get]"))) return () => {};
  const { left, top, width, height } = it.getBoundingClientRect();
  let mark, was;
  for (let at = 8; at < height && !mark; at += 24) {
    mark = document.elementFromPoint(left + width / 2, top + at)?.closest(".asked, .answer");
  }
  if (mark) was = mark.getBoundingClientRect().top;
  return () => {
    if (mark?.isConnected) it.scrollTop += mark.getBoundingClientRect().top - was;
  };
}
// An answer that grows: its words show as they come, its form is fetched now and then.
let growing;
function watch() {
  const it = document.hidden ? null : $(".answer[data-stream]");
  document.documentElement.toggleAttribute("data-answering", !!$(".answer[aria-busy]"));
  if (growing && it?.id === growing.id) return showTail(it);
  growing = growing?.abort();
  if (!it) return;
  const abort = new AbortController();
  const from = Number(it.dataset.length);
  const now = { id: it.id, from, text: [], abort: () => abort.abort(), asked: 0, took: 0 };
  growing = now;
  const run = (slot) => read(it.dataset.stream, now, abort.signal, slot);
  inSlot(0, run).catch(() => {});
}
/** Runs with one of the slots, or not at all: then the answer fetches itself as it is announced. */
function inSlot(slot, run) {
  if (slot === SLOTS) return Promise.resolve();
  if (!navigator.locks) return run();
  const name = `erth-answer-${slot}`;
  return locks.request(name, { ifAvailable: true }, (lock) => lock ? run() : null)
    .then((had) => had ?? inSlot(slot + 1, run));
}
async function read(path, now, signal) {
  while (!signal.aborted) {
    try {
      const headers = { "last-event-id": String(now.from + now.text.length) };
      const answer = await fetch(path, { signal, headers });
      if (!answer.ok) break;
      now.live = true;
      if (await hearAll(answer.body, now)) break;
    } catch {
      now.live = false;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  now.live = false;
  return true;
}
/** Server-sent events (WHATWG HTML §9.2.6), as far as ours use them; whether the answer ended. */
async function hearAll(body, now) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", ended = false;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return ended;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const text of events) {
      const fields = Object.fromEntries(text.split("\n").map((line) => line.split(/: ?(.*)/s)));
      ended ||= fields.event === "end";
      if (fields.event === "delta") now.text.push(...JSON.parse(fields.data));
      else if (fields.event) now.asked = 0; // it looks different now
    }
    const it = growing === now && document.getElementById(now.id);
    if (!it) return true;
    showTail(it);
    if (ended) htmx.trigger(it, "erth:grown");
    else renderSoon(it, now);
  }
}
function renderSoon(it, now) {
  const due = now.asked + Math.max(RENDER, 10 * now.took) - performance.now();
  now.again = now.rendering; // once more afterwards
  if (now.timer || now.rendering) return;
  now.timer = setTimeout(() => {
    now.timer = 0;
    if (it.isConnected && growing === now) htmx.trigger(it, "erth:grown");
  }, Math.max(0, due));
}
/** The words after those that were rendered, as they are. */
function showTail(it) {
  const words = growing.text.slice(Math.max(0, it.dataset.length - growing.from)).join("");
  let tail = it.querySelector(".tail");
  if (tail?.textContent === words || !(tail || words)) return;
  const restore = keepPlace();
  if (!tail) {
    tail = document.createElement("span");
    tail.className = "tail";
    const prose = it.querySelector(".prose"), last = prose.lastElementChild;
    const within = last?.matches("p") ? last : last?.querySelector("code, li:last-child");
    (within ?? prose.appendChild(document.createElement("p"))).append(tail);
  }
  tail.textContent = words;
  restore();
}
on("htmx:before:request", (event) => {
  const { ctx } = event.detail, { sourceElement: it, sourceEvent } = ctx;
  if (!growing || it.id !== growing.id) return;
  if (sourceEvent?.type !== "erth:grown") {
    if (growing.live) event.preventDefault(renderSoon(it, growing)); // more than its words may differ
    return;
  }
  ctx.grows = growing;
  Object.assign(growing, { asked: performance.now(), rendering: true });
});
on("htmx:finally:request", ({ detail: { ctx: { grows } } }) => {
  if (!grows) return;
  Object.assign(grows, { took: performance.now() - grows.asked, rendering: false });
  const it = grows.again && growing === grows && document.getElementById(grows.id);
  if (it) renderSoon(it, grows);
});
on("visibilitychange", () => watch());
// Where one reads stays there, and the focus in sight, whatever is swapped in.
on("htmx:before:swap", ({ detail: { ctx } }) => {
  const focus = document.activeElement;
  const target = typeof ctx.target === "string" ? $(ctx.target) : ctx.target;
  ctx.restore = box()?.contains(target) || target?.contains(box()) ? keepPlace() : null;
  ctx.had = target?.contains(focus) && focus;
});
on("htmx:after:swap", ({ detail: { ctx } }) => {
  const asked = ctx.sourceElement.matches(".composer, .edit") && box();
  if (ctx.sourceElement.closest(".more")) return ctx.restore?.();
  if (asked) box().scrollTop = 0;
  else if (!seek()) ctx.restore?.();
  watch();
  look();
  announce();
  const lost = [document.body, $("#main")].includes(document.activeElement);
  if (ctx.had && ctx.had.id !== "main" && lost) asks()?.focus({ preventScroll: true });
});
const told = new WeakSet(), sought = new WeakSet();
/** Shows the message that was looked for, once. */
function seek() {
  const it = $("[data-at]");
  if (!it || sought.has(it)) return false;
  sought.add(it);
  it.scrollIntoView({ block: "center" });
  return true;
}
/** Says what a person who doesn't see the page has to know at once. */
function announce() {
  for (const it of all("[data-announce]")) {
    if (!told.has(it)) say(it.dataset.announce);
    told.add(it);
  }
}
const say = (words) => $("#said").textContent = words;
/** Offers the way back to the end to who is far from it. */
function look() {
  const jump = $("#jump"), it = box();
  if (jump) jump.hidden = !it || (it.scrollTop > -FAR && !$(".newer [hx-get]"));
}
document.addEventListener("scroll", ({ target }) => target === box() && look(), true);
on("click", ({ target }) => {
  const copied = target.closest("[data-copy]"), edited = target.closest("[data-edit]");
  if (copied) copy(copied);
  if (edited) edit(edited);
  if (target.closest("[data-cancel]")) cancel(target.closest(".edit"));
  if (!target.closest("#jump")) return;
  box().scrollTop = 0;
  asks()?.focus();
});
/** Copies what a button names, or the code it stands over. */
async function copy(button) {
  const text = button.dataset.copy || button.closest(".code").querySelector("pre").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
    button.focus();
  }
  say("Copied.");
  button.dataset.done = "";
  setTimeout(() => delete button.dataset.done, 2000);
}
/** Where the page may not write to the clipboard by itself. */
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
/** Puts a form in a question's place. Only there: browsers look through all forms at each change. */
function edit(button) {
  const asked = button.closest(".asked"), restore = keepPlace();
  const form = $("#editing").content.firstElementChild.cloneNode(true);
  const { message, question } = form.elements;
  form.setAttribute("hx-post", button.dataset.edit);
  message.value = asked.id.slice(2);
  question.value = asked.querySelector(".question").textContent;
  asked.setAttribute("hx-morph-skip", ""); // news of the conversation leaves it alone
  asked.append(form);
  htmx.process(form);
  restore();
  question.focus(question.setSelectionRange(question.value.length, question.value.length));
}
function cancel(form) {
  const restore = keepPlace();
  form.parentElement.removeAttribute("hx-morph-skip");
  form.remove();
  restore();
  asks()?.focus();
}
on("keydown", (event) => {
  const { target, key, isComposing } = event, form = target.closest?.(".edit");
  if (isComposing) return;
  if (form && key === "Escape") return event.preventDefault(cancel(form));
  if (event.altKey || event.shiftKey) return;
  const isMod = event.ctrlKey || event.metaKey;
  if (form && isMod && key === "Enter") return event.preventDefault(form.requestSubmit());
  if (isMod || target !== asks() || !box()) return;
  const pages = { PageUp: -0.9, PageDown: 0.9 }[key];
  if (pages) return event.preventDefault(box().scrollBy(0, pages * box().clientHeight));
  const last = all("[data-edit]").at(-1);
  if (key === "ArrowUp" && !target.value && last) event.preventDefault(last.click());
});
// A conversation that was saved as a file comes back.
on("change", async ({ target }) => {
  const path = target.dataset.import, [file] = target.files ?? [];
  if (!path || !file) return;
  target.value = "";
  const values = { file: await file.text() };
  htmx.ajax("POST", path, { values, source: target, target: "#screen" });
});
