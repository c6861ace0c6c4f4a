import { EventEmitter } from "eventemitter3";
import type { Log } from "./logger.js";
import { isThenable } from "./thenable.js";

/** A tap failed. */
export interface FaultEvent {
  readonly plugin: string;
  readonly hook: string;
  readonly error: unknown;
}

/** An observer's tap failed too often in a row and is not called any more. */
export interface QuarantineEvent {
  readonly plugin: string;
  readonly hook: string;
  readonly faults: number;
}

/** What the kernel tells whoever listens; nobody is waited for. Names of your own contain a colon: `acme:opened`. */
export interface KernelEvents {
  ready: () => void;
  failed: (error: unknown) => void;
  disposed: () => void;
  fault: (event: FaultEvent) => void;
  quarantine: (event: QuarantineEvent) => void;
  added: (plugin: { readonly id: string }) => void;
  removed: (plugin: { readonly id: string }) => void;
  replaced: (plugin: { readonly id: string }) => void;
  [custom: `${string}:${string}`]: (payload: unknown) => void;
}

export type Bus = EventEmitter<KernelEvents>;

type Listener = (...args: unknown[]) => unknown;
type Attach = (event: string, fn: Listener, context?: unknown) => Bus;
type Detach = (event: string, fn?: Listener, context?: unknown, onlyOnce?: boolean) => Bus;

/** An eventemitter3 bus on which a listener that throws or rejects neither stops the others nor reaches whoever emits. */
export function createBus(log: Log): Bus {
  const bus: Bus = new EventEmitter();
  const guarded = new WeakMap<Listener, Listener>();
  /** One wrapper per listener, so that `off` finds what `on` stored. */
  const guard = (fn: Listener): Listener => {
    let wrapper = guarded.get(fn);
    if (wrapper === undefined) {
      const failed = (error: unknown): void => log.warn("an event listener threw", { error });
      wrapper = function (this: unknown, ...args: unknown[]) {
        try {
          const returned: unknown = fn.apply(this, args);
          // An async listener fits `() => void`; its rejection must not end the process.
          if (isThenable(returned)) returned.then(undefined, failed);
        } catch (error) {
          failed(error);
        }
      };
      guarded.set(fn, wrapper);
    }
    return wrapper;
  };
  // Untyped on purpose: the bus keeps eventemitter3's own signatures, only the listener is exchanged.
  const attach =
    (method: unknown): Attach =>
    (event, fn, context) =>
      (method as Attach).call(bus, event, guard(fn), context);
  const detach =
    (method: unknown): Detach =>
    (event, fn, context, onlyOnce) =>
      (method as Detach).call(bus, event, fn === undefined ? undefined : guard(fn), context, onlyOnce);
  return Object.assign(bus, {
    on: attach(bus.on),
    addListener: attach(bus.on),
    once: attach(bus.once),
    off: detach(bus.off),
    removeListener: detach(bus.off),
  }) as Bus;
}
