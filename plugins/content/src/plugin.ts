import { Audit } from "@graphtap/audit/keys";
import { definePlugin, deny, hooks, type PluginApi, runKey, transform } from "@graphtap/langgraph";
import { ToolMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { Boundary } from "./boundary/boundary.js";
import { Passing } from "./boundary/passing.js";
import { ShownEvents } from "./boundary/shown.js";
import { Turned } from "./boundary/turned.js";
import type { Program } from "./detect/program.js";
import { blockedError, FIX, refusalOf } from "./errors.js";
import { Places } from "./filter.js";
import { Content, type ContentFlagged, contentHooks } from "./keys.js";
import { options } from "./options.js";
import { systemPanel, userPanel } from "./panels.js";
import { policyOf } from "./policy.js";
import { Filter } from "./service.js";
import { MessageStream } from "./stream/message.js";
import { filteredChunks } from "./stream/model.js";
import { cleaned } from "./thrown.js";
import { Tally } from "./tally.js";
import { toolNameOf, withheld } from "./tool-result.js";

/**
 * Filters what goes into a run, into tools, out of tools and out of a run: secrets are hidden, personal data is flagged,
 * until options say otherwise.
 *
 * @example
 * const stack = createStack({ plugins: [content({ personal: { output: "mask" } })] });
 */
export const content = definePlugin({
  name: "content",
  version: "0.0.0",
  options,
  provides: [Content],
  optional: [Audit],
  hooks: Object.values(contentHooks),
  identity: "none",
  setup(api, given) {
    const tally = new Tally(given.maxUsers);
    const policy = policyOf(given);
    const audit = api.find(Audit);
    const places = new Places(policy, given.limits, given.onLimit, {
      tally,
      flagged: (event) => void tell(api, event),
      audit: (entry) => void audit?.append(entry),
    });
    api.provide(Content, new Filter(policy, given.limits, given.onLimit, tally));
    if (policy.input !== null) tapInput(api, places);
    if (policy.output !== null) tapOutput(api, places, policy.output);
    if (policy.toolArguments !== null) tapArguments(api, places, policy.toolArguments);
    if (policy.toolResult !== null) tapResults(api, places);
    if (policy.input !== null || policy.output !== null || policy.toolResult !== null) tapEvents(api, places);
    api.tap(hooks.dashboard.collect, (scope) =>
      scope.kind === "system" ? systemPanel(tally) : userPanel(tally, scope.userId, scope.tenantId),
    );
  },
});

function tapInput(api: PluginApi, places: Places): void {
  api.tap(hooks.run.input, (input, run) => {
    const outcome = places.look("input", input.value, run, null, true);
    if (outcome.kind === "blocked") {
      const { code, message, reason } = outcome.refusal;
      return deny(code, message, { reason, do: FIX });
    }
    return outcome.kind === "hidden" ? transform({ ...input, value: outcome.value }) : undefined;
  });
}

function tapArguments(api: PluginApi, places: Places, program: Program): void {
  api.tap(hooks.tool.start, (call, run) => places.pending(run).tell(call));
  api.tap(hooks.tool.denied, (call, run) => places.pending(run).tell(call));
  const masks = [...program.actions.values(), ...(program.patterns?.patterns ?? []).map(({ action }) => action)];
  // Last of all, so that nobody puts in again what was taken out.
  if (masks.includes("mask"))
    api.tap(
      hooks.tool.prepare,
      (draft, run) => {
        const outcome = places.lookAtCall(draft.args, run, draft);
        return outcome.kind === "hidden" ? { ...draft, args: outcome.value } : undefined;
      },
      { stage: "post" },
    );
  api.tap(hooks.tool.authorize, (call, run) => {
    const emptied = places.emptied(run, call.callId === null ? [call.parsed] : [call.raw, call.parsed], call);
    if (emptied !== null) return deny(emptied.code, emptied.message, { reason: emptied.reason, do: FIX });
    const outcome = places.lookAtCall(call.parsed, run, call);
    if (outcome.kind === "clean") return undefined;
    // What the schema made of the arguments is what runs; it cannot be changed any more.
    const { code, message, reason } =
      outcome.kind === "blocked"
        ? outcome.refusal
        : refusalOf("arguments", "toolArguments", "found after they were read");
    return deny(code, message, { reason, do: FIX });
  });
}

function tapResults(api: PluginApi, places: Places): void {
  // What a tool throws, the model reads as a result.
  api.tap(hooks.tool.call, (call, next, run) =>
    next(call).then(undefined, (error: unknown) => {
      const shown = cleaned(error, places.clean("toolResult", run, call.name));
      if (shown !== null) throw shown.error;
      throw blockedError(`tool "${call.name}"`, refusalOf("error", "toolResult"), "tool.call");
    }),
  );
  api.tap(hooks.tool.result, ({ value }, run) => {
    // Where no message can carry the refusal it is thrown, and then told as that of the call.
    const outcome = places.look("toolResult", value, run, toolNameOf(value), !ToolMessage.isInstance(value));
    if (outcome.kind === "clean") return undefined;
    return { value: outcome.kind === "hidden" ? outcome.value : withheld(value, outcome.refusal) };
  });
}

function tapOutput(api: PluginApi, places: Places, program: Program): void {
  api.tap(hooks.model.result, ({ result }, run) => {
    const memory = places.memory(run, program);
    if (result.generations.every(({ message }) => memory.knows(message))) return undefined;
    const outcome = places.look("output", result.generations, run);
    if (outcome.kind === "clean") return undefined;
    if (outcome.kind === "blocked") throw blockedError("a model's reply", outcome.refusal, "model.result");
    return { result: { ...result, generations: outcome.value as ChatResult["generations"] } };
  });
  api.tap(hooks.model.stream, (request, next, run) => {
    const report = places.report("output", run);
    const memory = places.memory(run, program);
    const stream = new MessageStream(program, report.sink);
    const done = (): void => {
      if (report.blocked === null) memory.keepText(stream.text);
      if (report.found) places.told.add(run, stream.text);
      places.listeners.tally.looked(stream.text.length);
      report.done();
    };
    const chunks = filteredChunks(next(request), stream, {
      check() {
        if (report.blocked !== null)
          throw blockedError("a model's reply", refusalOf(report.blocked.id, "output"), "model.stream");
      },
      left: (message) => memory.keep(message),
    });
    return told(chunks, done);
  });
  // Whoever else is told what a node threw, and what is stored of it, has what is left of it.
  api.tap(hooks.node.call, (call, next, run) => {
    const failed = (error: unknown): never => {
      const shown = cleaned(error, places.clean("output", run));
      throw shown === null
        ? blockedError(`node "${call.name}"`, refusalOf("error", "output"), "node.call")
        : shown.error;
    };
    return new Turned(next(call), (result) => result, failed);
  });
  api.tap(hooks.run.call, (request, next, run) => {
    const judgedByOthers = api.isTapped(hooks.run.output);
    return new Passing(next(request), new Boundary(places, program, run, request, judgedByOthers));
  });
}

function tapEvents(api: PluginApi, places: Places): void {
  const Told = runKey<ShownEvents>("content.events");
  api.tap(
    hooks.run.event,
    (event, run) => {
      let told = run.data.get(Told);
      if (told === undefined) run.data.set(Told, (told = new ShownEvents(places, run)));
      return told.take(event);
    },
    { stage: "post" },
  );
}

/** A stream that says when it is over, whoever ended it. */
async function* told<T>(chunks: AsyncGenerator<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* chunks;
  } finally {
    done();
  }
}

/** Fires the hook. What was decided stands whatever an observer does. */
async function tell(api: PluginApi, event: ContentFlagged): Promise<void> {
  if (!api.isTapped(contentHooks.flagged)) return;
  try {
    await api.call(contentHooks.flagged, event);
  } catch (error) {
    api.log.error("an observer of content.flagged failed", { error });
  }
}
