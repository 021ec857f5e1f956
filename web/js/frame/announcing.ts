/// <reference lib="dom" />
const told = new WeakSet<Element>();

/** Says what a person who doesn't see the page has to know at once: `data-announce`. */
export function startAnnouncing(): void {
  document.addEventListener("htmx:after:swap", () => {
    for (const element of document.querySelectorAll<HTMLElement>("[data-announce]")) {
      if (told.has(element)) continue;
      told.add(element);
      announce(element.dataset.announce ?? "");
    }
  });
}

/** Says words to who doesn't see the page. */
export function announce(words: string): void {
  const said = document.querySelector("#said");
  if (said) said.textContent = words;
}
