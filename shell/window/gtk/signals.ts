import { cstring, type Gtk } from "./symbols.ts";

// What GTK may still call late must not go away: kept for the life of the process.
const kept: unknown[] = [];

/** A JavaScript function as C calls it. What it throws is logged and answered with 0. */
export function nativeFunction<const P extends readonly Deno.NativeType[], R extends Result>(
  definition: { parameters: P; result: R },
  handler: Handler<P, R>,
): Deno.PointerObject {
  const guarded = (...values: unknown[]) => {
    try {
      return (handler as (...values: unknown[]) => unknown)(...values);
    } catch (error) {
      console.error("A window callback failed:", error);
      return 0;
    }
  };
  const callback = new Deno.UnsafeCallback(
    definition as Deno.UnsafeCallbackDefinition,
    guarded as never,
  );
  kept.push(callback);
  return callback.pointer;
}

type Result = "void" | "i32";
type Handler<P extends readonly Deno.NativeType[], R extends Result> = Deno.UnsafeCallback<
  Deno.UnsafeCallbackDefinition<P, R>
>["callback"];

/**
 * Calls `handler` at each `name` signal of a GObject. `parameters` are those of the signal's C
 * handler but for the last, its user data. Handlers run inside the window's loop: they can't await.
 */
export function onSignal<const P extends readonly Deno.NativeType[], R extends Result>(
  { gobject }: Gtk,
  instance: Deno.PointerValue,
  name: string,
  definition: { parameters: P; result: R },
  handler: Handler<P, R>,
): void {
  const pointer = nativeFunction(definition, handler);
  gobject.g_signal_connect_data(instance, cstring(name), pointer, null, null, 0);
}
