import { randomUUID } from "node:crypto";
import { types } from "node:util";
import { ChatPromptValue, StringPromptValue } from "@langchain/core/prompt_values";
import { BaseMessage } from "@langchain/core/messages";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Core } from "../core.js";
import { isInert } from "../graph/inert.js";
import type { Config, Issued } from "../identity/envelope.js";
import type { Frame } from "../run/scope.js";
import { isUnannounced, unannounced } from "../watch/handed.js";
import { classOf } from "../watch/passes.js";
import type { AnyModel } from "./governed.js";

/** An entry point of a governed model. */
export interface Entry {
  /** It hands the config to nobody. */
  readonly plain: boolean;
  /** It is not LangChain's. */
  readonly own: boolean;
  /** It tells the callbacks of the call. */
  readonly announces: boolean;
  /** Whose calls these are, where a call does not say. */
  readonly bound: Issued | null;
}

/**
 * The config of a call at an entry point. Where nobody but the watcher listens and all that runs is LangChain's own, the
 * call goes unannounced; where it is announced, it gets the run id by which the watcher knows it.
 */
export function configOf(
  core: Core,
  frame: Frame,
  model: AnyModel,
  config: Config | undefined,
  input: unknown,
  { plain, own, announces }: Entry,
): Config | undefined {
  if (!frame.scope.dispatch.watches) return config;
  // LangChain takes a list for texts to stop at.
  const given = (Array.isArray(config) ? { stop: config as unknown } : config) as Config | undefined;
  const quiet = plain && runsNoCode(input) ? unannounced(heard(given)) : null;
  if (quiet !== null) {
    // A stream of a model that does not stream is a call like others.
    core.passes.revoke(given?.runId);
    return quiet;
  }
  return announces ? withPass(core, frame, given, own ? model : null) : given;
}

/** The config with a run id that the watcher knows, where one is around. `own`: code of this model has it first. */
function withPass<C extends Config | undefined>(
  core: Core,
  frame: Frame | undefined,
  config: C,
  own: AnyModel | null,
): C {
  if (frame?.watcher === undefined || isUnannounced(config)) return config;
  const runId = config?.runId ?? randomUUID();
  core.passes.issue(runId, own === null ? null : classOf(idOf(own)));
  return { ...config, runId } as C;
}

/** How LangChain names a model in what it announces. */
function idOf(model: AnyModel): readonly unknown[] | undefined {
  const { toJSON, lc_id } = model as { toJSON?(): { id?: readonly unknown[] }; lc_id?: readonly unknown[] };
  try {
    return toJSON?.call(model).id ?? lc_id;
  } catch {
    return lc_id;
  }
}

type Methods = Record<string, (...args: unknown[]) => unknown>;
interface Cached {
  readonly handledOptions?: Config;
}

/** The methods that announce whole calls, which a model of the host's may call at once. */
export function announcing(
  core: Core,
  model: AnyModel,
  guarded: object,
  inherited: Readonly<Record<string, ((...args: never[]) => unknown) | undefined>>,
  isOwn: (name: string) => boolean,
): Methods {
  const made: Methods = {};
  const pass = (name: string, config: Config | undefined): Config | undefined =>
    withPass(core, core.frames.getStore(), config, isOwn(name) ? model : null);
  const { _generateUncached: uncached, _generateCached: cached } = inherited as Partial<Methods>;
  if (uncached !== undefined)
    made["_generateUncached"] = (messages, options, handled, started) => {
      const announced = started !== undefined && started !== null;
      const config = announced ? handled : pass("_generateUncached", handled as Config | undefined);
      return uncached.call(guarded, messages, options, config, started);
    };
  if (cached !== undefined)
    made["_generateCached"] = (given) =>
      cached.call(guarded, {
        ...(given as Cached),
        handledOptions: pass("_generateCached", (given as Cached).handledOptions),
      });
  return made;
}

/** A config with the callbacks that LangChain gives the call: those around it, where it brings none. */
function heard(config: Config | undefined): Config | undefined {
  if (config?.callbacks !== undefined) return config;
  const around = AsyncLocalStorageProviderSingleton.getRunnableConfig() as Config | undefined;
  return around?.callbacks === undefined ? config : { ...config, callbacks: around.callbacks };
}

const PROMPTS: ReadonlySet<unknown> = new Set([ChatPromptValue.prototype, StringPromptValue.prototype]);

/** Whether LangChain makes messages of an input without running code of the host's. */
function runsNoCode(input: unknown): boolean {
  if (typeof input !== "object" || input === null) return true;
  if (types.isProxy(input)) return false;
  if (Array.isArray(input)) return input.every(runsNoCode);
  if (PROMPTS.has(Object.getPrototypeOf(input))) return !Object.hasOwn(input, "toChatMessages");
  if (input instanceof BaseMessage) return true;
  // A prompt value may be written by hand: LangChain calls what it holds.
  return isInert(input) && Object.values(input).every((part) => typeof part !== "function");
}

interface Cache {
  lookup(...args: unknown[]): unknown;
  update(...args: unknown[]): unknown;
}

/** A cache whose code is watched, for LangChain's own part of a call, where nobody watches. */
export function watchedCache(core: Core, cache: unknown): unknown {
  if (typeof cache !== "object" || cache === null) return cache;
  const asked = cache as Cache;
  return Object.create(cache, {
    lookup: { value: (...args: unknown[]) => core.frames.aloud(() => asked.lookup(...args)) },
    update: { value: (...args: unknown[]) => core.frames.aloud(() => asked.update(...args)) },
  }) as unknown;
}
