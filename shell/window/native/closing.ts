/**
 * A script that tells the page that its window closes: `erth:closing` with a word for the closing.
 * A page that doesn't heed it loses the focus, which saves what is written there.
 */
export function closingScript(closing: string): string {
  const detail = JSON.stringify({ closing });
  return `{
    const event = new CustomEvent("erth:closing", { detail: ${detail}, cancelable: true });
    if (document.dispatchEvent(event)) document.activeElement?.blur();
  }`;
}
