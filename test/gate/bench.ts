import {
  createStack,
  definePlugin,
  deny,
  hooks,
  type PluginInput,
  type Principal,
  type Stack,
  type Who,
} from "@graphtap/langgraph";
import { type FakeClock, fakeClock } from "@graphtap/testkit";

/** The tool that every route tries to reach. */
export const TARGET = "drop";
export const FORBIDDEN = "forbidden";

/** What of a LangChain tool the routes use; the real ones are generic beyond use in a table. */
export interface Callable {
  readonly name: string;
  readonly schema: unknown;
  invoke(input: unknown, config?: object): Promise<unknown>;
  call(input: unknown, config?: object): Promise<unknown>;
  batch(inputs: unknown[], config?: object): Promise<unknown[]>;
  stream(input: unknown, config?: object): Promise<AsyncIterable<unknown>>;
  streamEvents(
    input: unknown,
    config: object,
  ): AsyncIterable<{ event: string; name: string; data: { output?: unknown } }>;
  streamLog(input: unknown, config?: object): AsyncIterable<unknown>;
  transform(inputs: AsyncGenerator<unknown>, config?: object): AsyncIterable<unknown>;
  pipe(next: unknown): Callable;
  withConfig(config: object): Callable;
  withRetry(options: object): Callable;
  withFallbacks(fallbacks: unknown[]): Callable;
  withListeners(listeners: object): Callable;
  asTool(fields: object): Callable;
  _call(parsed: unknown, runManager?: unknown, config?: object): Promise<unknown>;
  func(parsed: unknown, runManager?: unknown, config?: object): Promise<unknown>;
}

/** Why a call is refused, or `allow`. */
export interface Cause {
  readonly name: string;
  /** The code observers and the message must show; null when the call must go through. */
  readonly code: string | null;
  /** Nobody runs it; the stack takes anonymous runs without tools. */
  readonly anonymous?: true;
  /** Time has to move for the verdict to fall. */
  readonly slow?: true;
  readonly guard?: (call: { readonly name: string; readonly parsed: unknown }, now: number) => unknown;
  readonly admit?: () => unknown;
  readonly prepare?: (args: unknown) => unknown;
  /** Runs after the run began and before the call is made. */
  readonly meanwhile?: (clock: FakeClock) => void;
}

const rewritten = (args: unknown): unknown =>
  typeof args === "string" ? FORBIDDEN : Object.fromEntries(Object.keys(args as object).map((key) => [key, FORBIDDEN]));
const TEN_MINUTES = 600_000;

export const ALLOW: Cause = { name: "allowed", code: null };
export const CAUSES: readonly Cause[] = [
  {
    name: "no grant",
    code: "NO_GRANT",
    guard: () => deny("NO_GRANT", "Not available.", { reason: "grant-table row 7" }),
  },
  { name: "no identity", code: "IDENTITY_MISSING", anonymous: true },
  {
    name: "a guard that throws",
    code: "GUARD_FAILED",
    guard: () => {
      throw new Error("secret detail of the policy store");
    },
  },
  { name: "a guard that hangs", code: "GUARD_TIMEOUT", slow: true, guard: () => new Promise(() => {}) },
  { name: "no room", code: "NO_ROOM", admit: () => deny("NO_ROOM", "Try later.") },
  {
    name: "arguments prepared into forbidden ones",
    code: "NO_GRANT",
    prepare: rewritten,
    guard: ({ parsed }) =>
      JSON.stringify(parsed)?.includes(FORBIDDEN) === true ? deny("NO_GRANT", "Not these.") : undefined,
  },
  {
    name: "a grant that ended during the run",
    code: "GRANT_EXPIRED",
    guard: (_call, now) =>
      now > Date.parse("2026-01-01T00:05:00Z") ? deny("GRANT_EXPIRED", "Not any more.") : undefined,
    // Less than an identity lives: only the grant has ended.
    meanwhile: (clock) => clock.advance(TEN_MINUTES),
  },
];

/** What the plugins of a bench saw of the target. */
export interface Seen {
  judged: number;
  taken: number;
  released: number;
  settled: number;
  readonly started: string[];
  readonly ended: string[];
  readonly denied: {
    code: string;
    reason: string | null;
    callId: string | null;
    executionId: string;
    principal: Principal | null;
  }[];
  readonly runsDenied: string[];
  /** Codes of denials of any tool, whatever name it goes by. */
  readonly anyDenied: string[];
}

/** A stack with one guard, two admitters and an observer around the target. */
export interface Bench {
  readonly stack: Stack;
  readonly cause: Cause;
  readonly clock: FakeClock;
  readonly seen: Seen;
  /** Arguments of every execution of the real tool. */
  readonly ran: unknown[];
  as(config?: object): { configurable: Record<string, unknown> };
  /** Called by a route when the run is under way and the call is about to be made. */
  meanwhile(): void;
  /** Waits, moving time on where the verdict needs it. */
  settle<T>(work: Promise<T>): Promise<T>;
}

export const ALICE: Who = { userId: "alice", tenantId: "acme", roles: ["clerk"] };

/** @param extra plugins after the bench's own: theirs are the innermost taps. */
export function createBench(cause: Cause, extra: readonly PluginInput[] = []): Bench {
  const only = (name: string): boolean => name === TARGET;
  const clock = fakeClock();
  const seen: Seen = {
    judged: 0,
    taken: 0,
    released: 0,
    settled: 0,
    started: [],
    ended: [],
    denied: [],
    runsDenied: [],
    anyDenied: [],
  };
  const policy = definePlugin({
    name: "test-policy",
    version: "1.0.0",
    setup(api) {
      if (cause.prepare !== undefined)
        api.tap(hooks.tool.prepare, (draft) =>
          only(draft.name) ? { ...draft, args: cause.prepare?.(draft.args) } : undefined,
        );
      api.tap(hooks.tool.authorize, (call) => {
        if (!only(call.name)) return undefined;
        seen.judged++;
        return cause.guard?.(call, clock.now()) as undefined;
      });
    },
  });
  const quota = definePlugin({
    name: "test-quota",
    version: "1.0.0",
    setup(api) {
      api.tap(hooks.tool.admit, (call) => {
        if (!only(call.name)) return undefined;
        seen.taken++;
        return { settle: () => void seen.settled++, release: () => void seen.released++ };
      });
      api.tap(hooks.tool.admit, (call) => (only(call.name) ? (cause.admit?.() as undefined) : undefined), {
        stage: "post",
      });
    },
  });
  const observer = definePlugin({
    name: "test-observer",
    version: "1.0.0",
    identity: "none",
    setup(api) {
      api.tap(hooks.tool.start, (event) => void (only(event.name) && seen.started.push(event.executionId)));
      api.tap(hooks.tool.end, (event) => void (only(event.name) && seen.ended.push(event.status)));
      api.tap(
        hooks.tool.denied,
        (event, run) =>
          void (
            only(event.name) &&
            seen.denied.push({
              code: event.code,
              reason: event.reason,
              callId: event.callId,
              executionId: event.executionId,
              principal: run.principal,
            })
          ),
      );
      api.tap(hooks.tool.denied, (event) => void seen.anyDenied.push(event.code));
      api.tap(hooks.run.denied, (event) => void seen.runsDenied.push(event.code));
    },
  });
  const stack = createStack({
    name: "bench",
    clock,
    anonymous: cause.anonymous === true ? "no-tools" : "refuse",
    plugins: [policy(), quota(), observer(), ...extra],
  });
  return {
    stack,
    cause,
    clock,
    seen,
    ran: [],
    as: (config = {}) =>
      cause.anonymous === true
        ? { ...config, configurable: { ...(config as { configurable?: object }).configurable } }
        : stack.as(ALICE, config),
    meanwhile: () => cause.meanwhile?.(clock),
    async settle(work) {
      if (cause.slow !== true) return work;
      let open = true;
      const watched = work.finally(() => (open = false));
      watched.catch(() => undefined);
      while (open) await clock.advanceAsync(2_100);
      return watched;
    },
  };
}
