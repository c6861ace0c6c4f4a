import type { Clock, Epoch, Kernel } from "@graphtap/kernel";
import type { z } from "zod";
import type { Dispatch } from "./dispatch.js";
import type { EventListener } from "./events/tracer.js";
import type { Envelopes, Issued } from "./identity/envelope.js";
import type { IdentityResolver } from "./identity/server.js";
import type { FrameStore } from "./run/frames.js";
import type { ThreadOwners } from "./run/owners.js";
import type { PausedThreads } from "./run/paused.js";
import type { FrozenCall } from "./tool/call.js";
import type { PermitIndex } from "./tool/permit.js";
import type { Passes } from "./watch/passes.js";

/** What the parts of one stack share. */
export interface Core {
  readonly name: string;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly frames: FrameStore;
  /** An identity on its way from a graph's entry point to its iterator, which is made in the same turn. */
  entering: Issued | null;
  /** While a graph's `stream` asks for its iterator: whether the run that began is one that nobody taps. Else null. */
  beganIdle: boolean | null;
  /** Who hears the events of the run that is about to begin, on the way to it in the same turn. */
  listening: EventListener | null;
  readonly permits: PermitIndex;
  /** Judged calls by the very arguments that their tool's own body was given. */
  readonly bodies: WeakMap<object, Pick<FrozenCall, "name" | "parsed">>;
  readonly envelopes: Envelopes;
  readonly paused: PausedThreads;
  readonly owners: ThreadOwners;
  readonly passes: Passes;
  readonly facts: z.ZodType | undefined;
  readonly resolver: IdentityResolver | undefined;
  /** Nobody may run it but without tools; otherwise a run without identity is refused where a guard is installed. */
  readonly anonymous: "refuse" | "no-tools";
  /** Whether a thread is its first writer's, where an identity is needed. */
  readonly threads: "owned" | "open";
  /** What happens to tools and models that a node reaches around the gate. */
  readonly ungated: "deny" | "report";
  /** The runners of an epoch; one table per epoch. */
  dispatchOf(epoch: Epoch): Dispatch;
  /** The runners in force here: the run's own, or those of the moment; null before boot. */
  dispatchHere(): Dispatch | null;
  /** The runners of the moment; null before boot. */
  dispatchNow(): Dispatch | null;
  warn(code: string, text: string, key: string): void;
}
