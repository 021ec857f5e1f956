/// <reference lib="dom" />
/** Editing a question in its place. @module */
import { focusComposer } from "./composer.ts";
import { keepPlace } from "./reading.ts";

/** Lets one write a question anew. */
export function startQuestions(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const button = target.closest<HTMLElement>("[data-edit]");
    if (button) edit(button);
    if (target.closest("[data-cancel]")) cancel(target.closest<HTMLFormElement>(".edit")!);
  });
  document.addEventListener("keydown", (event) => {
    const form = (event.target as Element).closest<HTMLFormElement>(".edit");
    if (!form || event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      cancel(form);
    } else if (event.key === "Enter" && isCommand(event)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

function isCommand(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
}

/** Puts a form in a question's place. Only there: browsers look through all forms at each change. */
function edit(button: HTMLElement): void {
  const asked = button.closest(".asked")!;
  const template = document.querySelector<HTMLTemplateElement>("#editing")!;
  const form = template.content.firstElementChild!.cloneNode(true) as HTMLFormElement;
  const message = form.elements.namedItem("message") as HTMLInputElement;
  const question = form.elements.namedItem("question") as HTMLTextAreaElement;
  const restore = keepPlace();
  form.setAttribute("hx-post", button.dataset.edit!);
  message.value = asked.id.slice("m-".length);
  question.value = asked.querySelector(".question")!.textContent;
  asked.setAttribute("hx-morph-skip", ""); // News of the conversation leaves it alone.
  asked.append(form);
  htmx.process(form);
  restore();
  question.setSelectionRange(question.value.length, question.value.length);
  question.focus();
}

function cancel(form: HTMLFormElement): void {
  const restore = keepPlace();
  form.parentElement!.removeAttribute("hx-morph-skip");
  form.remove();
  restore();
  focusComposer();
}
