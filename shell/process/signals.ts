/** A signal by which a person or the system ends a program in order. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** The exit code of a command that a signal ended, as shells have it: 128 and the signal's number. */
export const SIGNAL_EXITS: Readonly<Record<EndSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

// Windows knows no SIGTERM that a program could hear.
const HEARD: EndSignal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

/**
 * Calls `end` at the first SIGTERM or Ctrl+C. The second one ends the process at once, as it does
 * after the function that this returns was called.
 */
export function onEndSignal(end: (signal: EndSignal) => void): () => void {
  const listeners = HEARD.map((signal) => {
    const listen = () => {
      forget();
      end(signal);
    };
    Deno.addSignalListener(signal, listen);
    return [signal, listen] as const;
  });
  let isForgotten = false;
  const forget = () => {
    if (isForgotten) return;
    isForgotten = true;
    for (const [signal, listen] of listeners) Deno.removeSignalListener(signal, listen);
  };
  return forget;
}

/** Resolves at the first SIGTERM or Ctrl+C, or when `asked` does. */
export async function untilEnd(asked: Promise<unknown>): Promise<void> {
  const { promise: signalled, resolve } = Promise.withResolvers<void>();
  const forget = onEndSignal(() => resolve());
  try {
    await Promise.race([signalled, asked]);
  } finally {
    forget();
  }
}
