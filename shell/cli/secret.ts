import { ErthError } from "../../errors.ts";
import { say } from "./print.ts";

const ENTER = /[\r\n]/;
const END_OF_TEXT = "\x03";
const END_OF_FILE = "\x04";
const ERASE = /[\b\x7f]/;
const ERASE_LINE = "\x15";

/** A terminal that is typed at. */
export interface Terminal {
  readonly readable: ReadableStream<Uint8Array>;
  setRaw(raw: boolean): void;
}

/**
 * Asks for a secret; what is typed shows nowhere.
 *
 * @param show Writes the question, where it doesn't mix with the answer of the command.
 * @throws {ErthError} `USAGE` if the person gives up (Ctrl+C, Ctrl+D).
 */
export async function askSecret(
  question: string,
  terminal: Terminal = Deno.stdin,
  show: (text: string) => void = (text) => say(text, ""),
): Promise<string> {
  // Before the question: who is quick types ahead of it.
  terminal.setRaw(true);
  show(question);
  const reader = terminal.readable.getReader();
  const decoder = new TextDecoder();
  let typed = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      for (const letter of decoder.decode(value, { stream: !done })) {
        if (ENTER.test(letter)) return typed.trim();
        if (letter === END_OF_TEXT || letter === END_OF_FILE) throw givenUp();
        if (letter === ERASE_LINE) typed = "";
        else if (ERASE.test(letter)) typed = [...typed].slice(0, -1).join("");
        else if (letter >= " ") typed += letter;
      }
      if (done) throw givenUp();
    }
  } finally {
    reader.releaseLock();
    terminal.setRaw(false);
    show("\n");
  }
}

function givenUp(): ErthError {
  return new ErthError("USAGE", "No token was given");
}
