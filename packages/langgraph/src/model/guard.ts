import type { BaseMessage } from "@langchain/core/messages";
import type { Core } from "../core.js";
import type { Config, Issued } from "../identity/envelope.js";
import { enter, type Entered } from "../run/direct.js";
import { assertUnmixed } from "../run/identity.js";
import type { Frame } from "../run/scope.js";
import { isUnannounced } from "../watch/handed.js";
import { underWatch, watched } from "../watch/inject.js";
import { assertNotForeign, WRAPPED_BY } from "../wrapped.js";
import { announcing, configOf, type Entry, watchedCache } from "./announce.js";
import type { ModelName } from "./call.js";
import { type AnyModel, events, generate, nameOf, type Options, stream } from "./governed.js";
import { inFrame } from "./in-frame.js";
import { named } from "./named.js";

/** A chat model of any copy of LangChain. */
export function isChatModel(value: unknown): value is AnyModel {
  const model = value as Partial<AnyModel> | null;
  return (
    typeof model === "object" &&
    model !== null &&
    typeof model._generate === "function" &&
    typeof model._streamResponseChunks === "function"
  );
}

const isBinding = (value: unknown): value is { bound: unknown } =>
  typeof value === "object" && value !== null && "bound" in value && "kwargs" in value;
const isSequence = (value: unknown): value is { first: unknown; middle: unknown[]; last: unknown } =>
  typeof value === "object" &&
  value !== null &&
  "first" in value &&
  "last" in value &&
  Array.isArray((value as { middle?: unknown }).middle);

const method = (value: (...args: never[]) => unknown): PropertyDescriptor => ({
  value,
  writable: true,
  configurable: true,
});

/** Methods that only read: they run on the model itself, where its private fields are. */
const READERS = [
  "getLsParams",
  "invocationParams",
  "_identifyingParams",
  "_llmType",
  "_modelType",
  "getName",
  "toJSON",
  "getNumTokens",
] as const;

/** What else of a model's own LangChain asks in a call, where the model has it. */
const ASKED = [
  "_combineLLMOutput",
  "_combineCallOptions",
  "_getInvocationParamsForTracing",
  "_getCallOptionsForTracing",
  "_filterInvocationParamsForTracing",
  "getLsParamsWithDefaults",
] as const;

/** Entry points that, in LangChain's own form, lead to the model's code without handing it the config. */
const PLAIN = new Set(["invoke", "generate", "generatePrompt"]);
/** The way from there: a model that has one of these of its own may do anything with the config. */
const ON_THE_WAY = [
  "generatePrompt",
  "generate",
  "_generateUncached",
  "_generateCached",
  "_separateRunnableConfigFromCallOptions",
  "_separateRunnableConfigFromCallOptionsCompat",
  "_getSerializedCacheKeyParametersForCall",
] as const;

/** The governed models of one stack. */
export class ModelGuards {
  readonly #core: Core;
  readonly #guarded = new WeakMap<object, object>();
  readonly #ours = new WeakSet<object>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Whether calls of this object pass our hooks. */
  governs(model: unknown): boolean {
    if (typeof model !== "object" || model === null) return false;
    if (this.#ours.has(model)) return true;
    if (isBinding(model)) return this.governs(model.bound);
    return isSequence(model) && [model.first, ...model.middle].some((step) => this.governs(step));
  }

  /**
   * The governed form of a model, or of a binding or sequence around one; anything else comes back as it is. The same
   * model gives the same object, and what `bindTools`, `withConfig` and the like give stays governed.
   *
   * @param names for events, where the model does not name itself. Whoever names a model gets an object of his own.
   * @param bound whose calls these are, where a call does not say
   */
  guard<T>(model: T, names: ModelName | null = null, bound: Issued | null = null): T {
    if (typeof model !== "object" || model === null || this.#ours.has(model)) return model;
    assertNotForeign("model", model, this.#core);
    const shared = names === null && bound === null;
    const known = shared ? this.#guarded.get(model) : undefined;
    if (known !== undefined) return known as T;
    const made = isChatModel(model)
      ? this.#model(model, names, bound)
      : isBinding(model)
        ? this.#copy(model, { bound: this.guard(model.bound, names, bound) })
        : isSequence(model)
          ? this.#sequence(model, names, bound)
          : model;
    if (made === model) return model;
    if (shared) this.#guarded.set(model, made as object);
    return made as T;
  }

  #sequence(
    sequence: { first: unknown; middle: unknown[]; last: unknown },
    names: ModelName | null,
    bound: Issued | null,
  ): unknown {
    const first = this.guard(sequence.first, names, bound);
    const middle = sequence.middle.map((step) => this.guard(step, names, bound));
    if (first === sequence.first && middle.every((step, i) => step === sequence.middle[i])) return sequence;
    return this.#copy(sequence, { first, middle });
  }

  #copy(of: object, changes: object): object {
    return Object.assign(Object.create(Object.getPrototypeOf(of) as object) as object, of, changes);
  }

  /** A model with a `withConfig` of its own keeps the config inside, where no identity is taken off: it is kept here. */
  #configured(original: AnyModel, names: ModelName | null, bound: Issued | null, args: unknown[]): unknown {
    const { withConfig } = original as unknown as { withConfig(...args: unknown[]): unknown };
    const made = withConfig.apply(original, args);
    if (!isChatModel(made)) return this.guard(made, names, bound);
    const { config, issued } = this.#core.envelopes.take(args[0], nameOf(original, {}).model ?? "model");
    if (issued === null) return this.guard(made, names, bound);
    return this.guard(withConfig.apply(original, [config, ...args.slice(1)]), names, issued);
  }

  #model(original: AnyModel, names: ModelName | null, bound: Issued | null): object {
    const core = this.#core;
    const model = names === null ? original : named(original, names, basePrototype(original));
    const own: PropertyDescriptorMap & Record<string, PropertyDescriptor> = { [WRAPPED_BY]: { value: core } };
    const inherited = original as unknown as Record<string, (...args: unknown[]) => unknown>;
    const base = basePrototype(original) as typeof inherited | null;
    const isOwn = (name: string): boolean => typeof inherited[name] === "function" && inherited[name] !== base?.[name];
    // Code of the model's own is watched, wherever LangChain asks it.
    for (const name of READERS) {
      if (typeof inherited[name] !== "function") continue;
      const read = (args: unknown[]): unknown => inherited[name]?.apply(original, args);
      own[name] = method(isOwn(name) ? (...args) => core.frames.aloud(() => read(args)) : (...args) => read(args));
    }
    for (const name of ASKED)
      if (isOwn(name))
        own[name] = method(function (this: unknown, ...args: unknown[]) {
          return core.frames.aloud(() => inherited[name]?.apply(this, args as never[]));
        });
    if (model !== original) own["getLsParams"] = method((options: Options) => model.getLsParams?.(options));
    if (typeof inherited["bindTools"] === "function")
      own["bindTools"] = method((...args) => this.guard(inherited["bindTools"]?.apply(original, args), names, bound));
    if (typeof inherited["withConfig"] === "function")
      own["withConfig"] = method((...args) => this.#configured(original, names, bound, args));
    let given: { readonly cache: unknown } | null = null;
    own["cache"] = {
      get() {
        const { cache } = given ?? original;
        // It may be the host's, and ask another model.
        return core.frames.getStore()?.quietFor ? watchedCache(core, cache) : cache;
      },
      set(cache: unknown) {
        given = { cache };
      },
      configurable: true,
    };
    // langchain's initChatModel gives a model that stands for another one, made per call: that one is called.
    for (const name of ["_getModelInstance", "_model"])
      if (typeof inherited[name] === "function")
        own[name] = method(async (...args) => this.guard(await inherited[name]?.apply(original, args), names));
    own["_generate"] = method((messages: BaseMessage[], options: Options, runManager: unknown) =>
      generate(core, model, messages, options, runManager),
    );
    if (streams(original))
      own["_streamResponseChunks"] = method((messages: BaseMessage[], options: Options, runManager: unknown) =>
        stream(core, model, messages, options, runManager),
      );
    const guarded = Object.create(original, own) as Record<string, (...args: unknown[]) => unknown>;
    const plainly = !ON_THE_WAY.some(isOwn);
    for (const [name, entry] of Object.entries(announcing(core, model, guarded, inherited, isOwn)))
      Object.defineProperty(guarded, name, method(entry));
    // Entry points: the identity is taken off, and everything below is marked as governed.
    for (const name of [
      "invoke",
      "stream",
      "streamEvents",
      "streamV2",
      "generate",
      "generatePrompt",
      "_streamIterator",
    ]) {
      if (typeof inherited[name] !== "function") continue;
      const own = isOwn(name);
      const entry = { plain: PLAIN.has(name) && !own && plainly, own, announces: name === "_streamIterator", bound };
      const start = (args: unknown[]): unknown =>
        entered(core, model, inherited[name] as (...a: unknown[]) => unknown, guarded, entry, args);
      const promised = PROMISED.has(name);
      Object.defineProperty(
        guarded,
        name,
        method((...args) => (promised ? rejecting(() => start(args)) : start(args))),
      );
    }
    if (nativeEvents(original)) {
      const bridged = basePrototype(original)?._streamChatModelEvents;
      Object.defineProperty(
        guarded,
        "_streamChatModelEvents",
        method((messages: BaseMessage[], options: Options, runManager: unknown) => {
          const { stream: s, chunk, result, call } = core.frames.getStore()?.scope.dispatch.model ?? {};
          const chunked = s?.used === true || chunk?.used === true || result?.used === true || call?.used === true;
          return chunked && bridged !== undefined
            ? bridged.call(guarded as never, messages, options, runManager)
            : events(core, model, messages, options, runManager);
        }),
      );
    }
    this.#ours.add(guarded);
    return guarded;
  }
}

/** The class that declares what chat models override: the last one in the chain with a `_generateUncached`. */
function basePrototype(model: object): AnyModel | null {
  let base: AnyModel | null = null;
  for (
    let at = Object.getPrototypeOf(model) as object | null;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    if (Object.hasOwn(at, "_generateUncached")) base = at as AnyModel;
  }
  return base;
}

/** LangChain compares with the base class's method to learn whether a model streams: ours must not look like one. */
const streams = (model: AnyModel): boolean =>
  model._streamResponseChunks !== basePrototype(model)?._streamResponseChunks;
const nativeEvents = (model: AnyModel): boolean => {
  const base = basePrototype(model)?._streamChatModelEvents;
  return model._streamChatModelEvents !== undefined && base !== undefined && model._streamChatModelEvents !== base;
};

/** Entry points that give a promise: what refuses the caller is its rejection. */
const PROMISED: ReadonlySet<string> = new Set(["invoke", "stream", "generate", "generatePrompt"]);

function rejecting(start: () => unknown): unknown {
  try {
    return start();
  } catch (error) {
    return Promise.reject(error);
  }
}

function entered(
  core: Core,
  model: AnyModel,
  original: (...args: unknown[]) => unknown,
  self: object,
  entry: Entry,
  args: unknown[],
): unknown {
  const [input, config, ...rest] = args;
  const here = core.frames.getStore();
  // On its way through LangChain's own entry points: all was seen to at the first of them.
  if (entry.plain && here?.quietFor === self && isUnannounced(config as Config | undefined))
    return original.apply(self, args);
  const taken = core.envelopes.take(config as Config | undefined, nameOf(model, {}).model ?? "model");
  const run = (place: Frame, given = taken.config as Config | undefined): unknown => {
    const frame = entry.bound === null ? place : { ...place, model: self };
    const config = configOf(core, frame, model, given, input, entry);
    const call = (): unknown => original.call(self, input, config, ...rest);
    const out = core.frames.run(frame, isUnannounced(config) ? () => core.frames.quietly(call, self) : call);
    return isIterator(out) ? inFrame(core, frame, out) : out;
  };
  const issued = taken.issued ?? (here?.model === self ? null : entry.bound);
  if (here !== undefined && issued === null) {
    assertUnmixed(core, nameOf(model, {}).model ?? "model", taken.config as Config | undefined);
    return run(here);
  }
  // No run around it, or another identity: a place of its own, for which one may have to wait.
  const place = enter(core, nameOf(model, {}).model ?? "model", issued, taken.config);
  const go = ({ frame, unpin }: Entered): unknown => {
    unpin();
    // No node around it, whose code is watched: what an entry point of the model's own reaches must be.
    if (!entry.own || frame.ctx.route !== "direct" || !frame.scope.dispatch.watches) return run(frame);
    const watch = underWatch(core, frame);
    return run(watch, watched(watch, taken.config as Config | undefined));
  };
  return place instanceof Promise ? place.then(go) : go(place);
}

const isIterator = (value: unknown): value is AsyncGenerator<unknown> =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { next?: unknown }).next === "function" &&
  !("getReader" in value);
