/// <reference lib="dom" />
/** A message that stays until the upload that it tells of has ended. */
export class UploadMessage {
  readonly #name: string;
  readonly #box = document.createElement("div");
  readonly #words = document.createElement("span");
  readonly #bar = document.createElement("progress");
  readonly #cancel = document.createElement("button");

  /** @param name Of the file. */
  constructor(name: string) {
    this.#name = `“${name}”`;
    this.#box.className = "toast lasting";
    this.#words.textContent = this.#bar.ariaLabel = this.#name;
    this.#cancel.type = "button";
    this.#cancel.textContent = "Cancel";
    this.#box.append(this.#words, this.#bar, this.#cancel);
    document.querySelector("#toasts")?.append(this.#box);
  }

  /** Calls a function when the person wants no more of it. */
  onCancel(listener: () => void): void {
    this.#cancel.onclick = listener;
  }

  /** Shows which part of it has arrived, from 0 to 1; at 1 it is looked at, which takes its time. */
  show(part: number): void {
    if (part < 1) this.#bar.value = part;
    else this.#bar.removeAttribute("value");
  }

  /** Says how it ended well, with a link to the screen that it is on, unless that one is open. */
  end(words: string, screen: string): void {
    this.#say(words, "status");
    if (location.pathname.includes(`/${screen}`)) return this.#cancel.remove();
    const link = document.createElement("a");
    link.href = screen;
    link.textContent = "Show";
    this.#cancel.replaceWith(link);
    htmx.process(this.#box);
  }

  /** Says why it isn't here. */
  fail(words: string): void {
    this.#say(words, "alert");
    this.#cancel.remove();
  }

  #say(words: string, role: "status" | "alert"): void {
    this.#box.className = "toast";
    this.#box.role = role;
    this.#words.textContent = `${this.#name} ${words}`;
    this.#bar.remove();
  }
}
