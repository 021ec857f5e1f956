/**
 * Takes what a measured page tells (`event=loaded`, `event=fragment`) and passes it on to the
 * loopback address that a bench has given: `loaded` to the address itself, any other to its
 * neighbour of that name. Without an address it takes nothing.
 */
export function measure(address: string | undefined): (request: Request) => Promise<Response> {
  return async (request) => {
    const event = new URL(request.url).searchParams.get("event") ?? "";
    if (address === undefined || !/^[a-z]{1,20}$/.test(event)) {
      return new Response(null, { status: 404 });
    }
    const told = await fetch(event === "loaded" ? address : new URL(event, address));
    await told.body?.cancel();
    return new Response(null, { status: 204 });
  };
}
