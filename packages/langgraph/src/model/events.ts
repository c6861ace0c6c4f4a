import type { Core } from "../core.js";
import type { ModelFlight } from "./call.js";
import { readUsage } from "./usage.js";

/**
 * A provider's own event stream, passed on as it is; the flight ends with it. Its usage events are snapshots, so the
 * last one counts. Only used while nobody filters: filters see chunks.
 */
export async function* observedEvents(
  core: Core,
  flight: ModelFlight,
  source: AsyncGenerator<unknown>,
): AsyncGenerator<unknown> {
  let done = false;
  try {
    for (;;) {
      const next = await core.frames.run(flight.frame, () => source.next());
      if (next.done === true) break;
      flight.event(readUsage((next.value as { usage?: unknown } | null)?.usage));
      yield next.value;
    }
    done = true;
  } catch (error) {
    await flight.fail(error);
    throw error;
  } finally {
    if (!done) await source.return(undefined);
    await (done ? flight.end("ok", null, null) : flight.left());
  }
}
