// Files from elsewhere, dropped anywhere or chosen: a GGUF file becomes a model, anything else goes
// to the Library, or to the conversation that is open.
{
  // WebKitGTK tells of files only once they are let go; until then they look like a link.
  const brings = ({ dataTransfer: it }) =>
    it?.types.some((type) => type === "Files" || (type === "text/uri-list" && !own));
  let over, own; // own: what is dragged began in this page
  on("dragstart", () => own = true);
  on("dragend", () => own = false);
  /** Shows for a moment that a file may be let go here; each movement prolongs it. */
  const hover = (ms) => {
    clearTimeout(over);
    document.body.classList.toggle("dropping", ms > 0);
    if (ms > 0) over = setTimeout(hover, ms, 0);
  };
  for (const name of ["dragenter", "dragover"]) {
    on(name, (event) => {
      if (!brings(event)) return;
      event.preventDefault(hover(400));
      event.dataTransfer.dropEffect = "copy";
    });
  }
  on("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault(hover(0));
    const { files } = event.dataTransfer, place = $("[data-thread]");
    files.length ? takeAll([...files], place) : takeHeld(place);
  });
  on("change", ({ target }) => {
    if (!target.matches("[type=file][data-upload]")) return;
    takeAll([...target.files], target.closest("[data-thread]"));
    target.value = ""; // so that the same one can be chosen again
  });
  const takeAll = async (files, place, bring = send) => {
    for (const file of files) await take(file, place?.dataset.thread ?? "", bring);
  };
  /** What only the window itself knows, which has given it to the shell. */
  const takeHeld = async (place) => {
    const { files } = await (await fetch("shell/dropped", { method: "POST" })).json();
    takeAll(files, place, (it) => understand(it.error ? 400 : 200, JSON.stringify(it)));
  };
  /** Brings one file here, with a message that tells how far it is and what became of it. */
  const take = async (file, thread, bring) => {
    const message = lasting(file.name);
    try {
      const { model, ...sent } = await bring(file, message);
      if (!model) await keep({ ...sent, thread });
      message.end(thread && !model ? "is attached." : "is here.", model ? "models" : "library");
    } catch ({ message: words }) {
      message.end(words, "", "alert");
    }
  };
  /** What the shell answers to the file; rejects with words for a person. */
  const send = (file, { cancel, show }) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(), fail = (words) => () => reject(Error(words));
      request.upload.onprogress = ({ loaded, total }) => show(loaded / Math.max(1, total));
      request.onload = () => resolve(request);
      request.onerror = fail("couldn't be read, or Erth doesn't answer.");
      request.onabort = fail("was cancelled.");
      cancel.onclick = () => request.abort();
      request.open("POST", `shell/upload?name=${encodeURIComponent(file.name)}`);
      request.setRequestHeader("accept", "application/json");
      request.send(file);
    }).then(({ status, responseText }) => understand(status, responseText));
  const keep = async (values) => {
    const headers = { accept: "application/json" }, body = new URLSearchParams(values);
    const response = await fetch("library", { method: "POST", headers, body });
    understand(response.status, await response.text());
  };
  const understand = (status, text) => {
    const answer = JSON.parse(text || "{}"), { message, hint } = answer.error ?? {};
    if (status >= 400) throw Error(`isn't here. ${message ?? ""} ${hint ?? ""}`);
    return answer;
  };
  /** A message that stays until what it tells of has ended. */
  const lasting = (name) => {
    const box = document.createElement("div");
    box.className = "toast lasting";
    box.innerHTML = `<span></span><progress></progress><button type="button">Cancel</button>`;
    const [words, bar, cancel] = box.children;
    words.textContent = bar.ariaLabel = `“${name}”`;
    $("#toasts").append(box);
    const show = (part) => part < 1 ? bar.value = part : bar.removeAttribute("value");
    const end = (said, route, role = "status") => {
      Object.assign(box, { className: "toast", role });
      words.textContent = `“${name}” ${said.trim()}`;
      bar.remove();
      const link = Object.assign(document.createElement("a"), { href: route, textContent: "Show" });
      cancel.replaceWith(...route && !location.pathname.includes(`/${route}`) ? [link] : []);
      htmx.process(box);
    };
    return { cancel, show, end };
  };
}
