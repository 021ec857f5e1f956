/**
 * A script that shows `words` among the page's own messages (`#toasts`, see web/index.html). A page
 * that would rather do it itself listens for `erth:toast` on its body and prevents the default.
 */
export function sayScript(words: string): string {
  // JSON is JavaScript, whatever the words hold.
  return `{
    const detail = ${JSON.stringify({ text: words })};
    const event = new CustomEvent("erth:toast", { detail, cancelable: true });
    if (document.body.dispatchEvent(event)) {
      const toast = Object.assign(document.createElement("div"), { className: "toast" });
      toast.textContent = detail.text;
      document.getElementById("toasts")?.append(toast);
    }
  }`;
}
