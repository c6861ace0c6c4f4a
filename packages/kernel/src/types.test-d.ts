/** Compiled, never run: each `@ts-expect-error` is a mistake that must not compile. */
import { z } from "zod";
import {
  allow,
  createKernel,
  defineHook,
  definePlugin,
  defineService,
  deny,
  escalate,
  override,
  transform,
  type Judgement,
  type Kernel,
  type Plugin,
  type PluginApi,
  type Reservation,
  type RunnerOf,
} from "./index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(): T => true as T;

interface Ticket {
  readonly id: string;
  readonly priority: "low" | "high";
}
interface Run {
  readonly runId: string;
}
const hooks = {
  closed: defineHook.series<Ticket, Run>("acme.ticket.closed"),
  chunk: defineHook.sync<string, Run>("acme.ticket.chunk"),
  triage: defineHook.waterfall<Ticket>("acme.ticket.triage"),
  find: defineHook.bail<string, Ticket>("acme.ticket.find"),
  work: defineHook.around<Ticket, Promise<string>, Run>("acme.ticket.work"),
  stream: defineHook.around<Ticket, AsyncIterable<string>, Run>("acme.ticket.stream"),
  health: defineHook.collect<void, number>("acme.ticket.health"),
  open: defineHook.guard<Ticket, Run>("acme.ticket.open"),
  input: defineHook.guard<string, Run>("acme.ticket.input", { transform: true }),
  quota: defineHook.reserve<Ticket, { tokens: number }, Run>("acme.ticket.quota"),
};
const Metrics = defineService<{ report(): string }>()("metrics");
const Security = defineService<{ level: number }>()("security");

// --- taps are inferred from the definition -------------------------------------------------------------------------
definePlugin({
  name: "taps",
  version: "1.0.0",
  requires: [Metrics],
  optional: [Security],
  setup(api) {
    api.tap(hooks.closed, (ticket, run) => {
      is<Equal<typeof ticket, Ticket>>();
      is<Equal<typeof run, Run>>();
    });
    api.tap(hooks.closed, async () => {});
    api.tap(hooks.chunk, (chunk) => {
      is<Equal<typeof chunk, string>>();
    });
    // @ts-expect-error a sync hook takes no async function
    api.tap(hooks.chunk, async () => {});
    // @ts-expect-error nor one that returns a promise
    api.tap(hooks.chunk, () => Promise.resolve());
    api.tap(hooks.triage, (ticket) => ({ ...ticket, priority: "high" as const }));
    api.tap(hooks.triage, (ticket) => (ticket.id === "1" ? undefined : ticket));
    api.tap(hooks.triage, async () => {});
    // @ts-expect-error a waterfall gives back what it took
    api.tap(hooks.triage, () => "high");
    api.tap(hooks.find, async (id) => ({ id, priority: "low" as const }));
    // @ts-expect-error the answer is a ticket
    api.tap(hooks.find, () => 5);
    api.tap(hooks.work, (ticket, next) => next(ticket));
    api.tap(hooks.work, async (_ticket, next, run) => `${await next()} ${run.runId}`);
    // @ts-expect-error an around tap must not forget its result
    api.tap(hooks.work, (_ticket, next) => {
      void next();
    });
    // @ts-expect-error not even after waiting for it
    api.tap(hooks.work, async (_ticket, next) => {
      await next();
    });
    api.tap(hooks.stream, async function* (ticket, next) {
      for await (const chunk of next(ticket)) yield chunk;
    });
    api.tap(hooks.open, (ticket) => (ticket.priority === "high" ? deny("HIGH", "not now") : undefined));
    api.tap(hooks.open, async (ticket) => {
      if (ticket.id === "1") return escalate({ reason: "first" });
      return allow();
    });
    // @ts-expect-error this guard only judges
    api.tap(hooks.open, (ticket) => transform(ticket));
    // @ts-expect-error true is no verdict
    api.tap(hooks.open, () => true);
    api.tap(hooks.input, (text) => transform(text.trim()));
    // @ts-expect-error a transform keeps the type of the value
    api.tap(hooks.input, () => transform(5));
    api.tap(hooks.quota, () => ({
      settle: ({ tokens }) => void tokens.toFixed(),
      release: (reason) => void reason.trim(),
    }));
    api.tap(hooks.quota, async () => deny("LIMIT", "too many"));
    // @ts-expect-error a reservation does not escalate
    api.tap(hooks.quota, () => escalate({ reason: "big" }));
    // @ts-expect-error there is no such stage
    api.tap(hooks.closed, () => {}, { stage: "first" });
    // @ts-expect-error hooks are values, not names
    api.tap("acme.ticket.closed", () => {});

    is<Equal<ReturnType<typeof api.get<typeof Metrics>>, { report(): string }>>();
    api.get(Metrics).report();
    // @ts-expect-error Security is not in requires
    api.get(Security);
    is<Equal<ReturnType<typeof api.find<typeof Security>>, { level: number } | undefined>>();
    api.find(Metrics);
    // @ts-expect-error nothing is in provides
    api.provide(Metrics, { report: () => "" });
    const helper = (given: PluginApi): void => given.log.info("x");
    helper(api);
  },
});

definePlugin({
  name: "provider",
  version: "1.0.0",
  provides: [Metrics],
  setup(api) {
    api.provide(Metrics, { report: () => "ok" });
    // @ts-expect-error the value is not the service
    api.provide(Metrics, { report: 5 });
    // @ts-expect-error Metrics is provided here, not required
    api.get(Metrics);
  },
});
// @ts-expect-error a setup returns a disposer or nothing
definePlugin({ name: "odd", version: "1.0.0", setup: () => 5 });
// @ts-expect-error this kernel speaks api 1
definePlugin({ name: "odd", version: "1.0.0", api: 2, setup() {} });

// --- options -------------------------------------------------------------------------------------------------------
const quiet = definePlugin({
  name: "quiet",
  version: "1.0.0",
  options: z.object({ from: z.number(), zone: z.string().default("UTC") }),
  setup(_api, options) {
    is<Equal<typeof options, { from: number; zone: string }>>();
  },
});
quiet({ from: 1 });
quiet({ from: 1, zone: "CET" }, { key: "eu" });
// @ts-expect-error from is required
quiet();
// @ts-expect-error from is required
quiet({});
// @ts-expect-error from is a number
quiet({ from: "1" });
const lenient = definePlugin({
  name: "lenient",
  version: "1.0.0",
  options: z.object({ ms: z.number().optional() }),
  setup() {},
});
lenient();
lenient({ ms: 1 });
const bare = definePlugin({ name: "bare", version: "1.0.0", setup() {} });
bare();
bare(undefined, { key: "two" });
// @ts-expect-error it takes no options
bare({});

// --- services across plugins ---------------------------------------------------------------------------------------
const metrics = definePlugin({
  name: "metrics",
  version: "1.0.0",
  provides: [Metrics],
  setup: (api) => api.provide(Metrics, { report: () => "" }),
});
const dashboard = definePlugin({
  name: "dashboard",
  version: "1.0.0",
  requires: [Metrics],
  optional: [Security],
  setup() {},
});
const both = definePlugin({ name: "both", version: "1.0.0", requires: [Metrics, Security], setup() {} });

createKernel({ plugins: [dashboard(), metrics()] });
createKernel({ plugins: [metrics(), Math.random() > 0.5 && dashboard(), undefined, null] });
createKernel({ plugins: [override(metrics()), dashboard()] });
// @ts-expect-error nothing provides "metrics"
createKernel({ plugins: [dashboard()] });
// @ts-expect-error nothing provides "security"
createKernel({ plugins: [both(), metrics()] });
const stated: {
  readonly plugins: { readonly "missing service, add a plugin that provides": "security" };
} extends import("./index.js").Complete<[ReturnType<typeof both>, ReturnType<typeof metrics>]>
  ? true
  : false = true;
void stated;
// A list built at run time, or a preset, is checked at boot.
const dynamic: Plugin[] = [dashboard()];
createKernel({ plugins: dynamic });
createKernel({ plugins: [...dynamic, dashboard()] });
// @ts-expect-error a factory has to be called
createKernel({ plugins: [metrics] });

// --- calls ---------------------------------------------------------------------------------------------------------
declare const kernel: Kernel;
declare const ticket: Ticket;
declare const run: Run;
is<Equal<ReturnType<typeof kernel.get<typeof Metrics>>, { report(): string }>>();
is<Equal<ReturnType<typeof kernel.get<typeof metrics>>, { report(): string }>>();
is<Equal<ReturnType<typeof kernel.find<typeof Metrics>>, { report(): string } | undefined>>();

const triaged = kernel.call(hooks.triage, ticket);
is<Equal<typeof triaged, Ticket | Promise<Ticket>>>();
const chunked = kernel.call(hooks.chunk, "x", run);
is<Equal<typeof chunked, undefined>>();
const judged = kernel.call(hooks.open, ticket, run);
is<Equal<typeof judged, Judgement<Ticket> | Promise<Judgement<Ticket>>>>();
const reserved = kernel.call(hooks.quota, ticket, run);
is<Equal<typeof reserved, Reservation<{ tokens: number }> | Promise<Reservation<{ tokens: number }>>>>();
const worked = kernel.call(hooks.work, ticket, run, async (request, ctx) => `${request.id} ${ctx.runId}`);
is<Equal<typeof worked, Promise<string>>>();
// @ts-expect-error the context is missing
kernel.call(hooks.closed, ticket);
// @ts-expect-error the core is missing
kernel.call(hooks.work, ticket, run);
// @ts-expect-error the value is a ticket
kernel.call(hooks.triage, "x");

const epoch = kernel.pin();
const runner = epoch.runner(hooks.work);
is<Equal<typeof runner, RunnerOf<typeof hooks.work>>>();
runner.call(ticket, run, async () => "done").then((text) => text.trim());
epoch.runner(hooks.chunk).call("x", run);

kernel.events.on("fault", ({ plugin, hook, error }) => void [plugin.trim(), hook.trim(), error]);
kernel.events.on("acme:opened", (payload) => void payload);
// @ts-expect-error a name of one's own has a colon
kernel.events.on("opened", () => {});
