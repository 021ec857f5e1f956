/// <reference lib="dom" />
/** An action's failure goes to the toasts, any other one where its answer would have gone. */
export function startFailures(): void {
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    const showsItself = ctx.sourceElement.matches("[data-keep], [data-here]");
    if (ctx.request.method === "GET" || showsItself) return;
    Object.assign(ctx, { target: "#toasts", swap: "beforeend" });
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (!ctx || ctx.response) return;
    const offline = document.querySelector<HTMLTemplateElement>("#offline");
    if (offline) toasts()?.replaceChildren(offline.content.cloneNode(true));
  });
  // A message goes when it has faded.
  document.addEventListener("animationend", ({ target }) => {
    const message = target as Element;
    if (message.parentElement === toasts()) message.remove();
  });
}

function toasts(): Element | null {
  return document.querySelector("#toasts");
}
