import { randomUUID } from "node:crypto";
import {
  CallbackManager,
  CallbackManagerForLLMRun,
  CallbackManagerForToolRun,
} from "@langchain/core/callbacks/manager";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Watcher } from "./watcher.js";

type ChatModelStart = Parameters<CallbackManager["handleChatModelStart"]>;
type ChainStart = Parameters<CallbackManager["handleChainStart"]>;
type ToolStart = Parameters<CallbackManager["handleToolStart"]>;

/**
 * A callback manager that holds the watcher alone. LangChain pays for every chain, tool and model as soon as one handler
 * is there; this one answers "no run" where the watcher has nothing to see, which is what code without callbacks gets.
 * Once another handler joins (a tracer, a messages stream), it is an ordinary manager.
 */
export class WatchManager extends CallbackManager {
  readonly #watcher: Watcher;

  constructor(watcher: Watcher) {
    super(undefined, { handlers: [watcher], inheritableHandlers: [watcher] });
    this.#watcher = watcher;
  }

  get #alone(): boolean {
    return this.handlers.length === 1 && this.handlers[0] === this.#watcher;
  }

  override copy(...[handlers = [], inherit = true]: Parameters<CallbackManager["copy"]>): CallbackManager {
    if (!this.#alone) return super.copy(handlers, inherit);
    const copy = new WatchManager(this.#watcher);
    for (const handler of handlers) copy.addHandler(handler, inherit);
    return copy;
  }

  override addTags(...args: Parameters<CallbackManager["addTags"]>): void {
    if (!this.#alone) super.addTags(...args);
  }

  override addMetadata(...args: Parameters<CallbackManager["addMetadata"]>): void {
    // Kept by reference: the watcher reads the model's name from it, and nobody else is here.
    if (this.#alone) this.metadata = { ...args[0], ...this.metadata };
    else super.addMetadata(...args);
  }

  override async handleChainStart(...args: ChainStart): ReturnType<CallbackManager["handleChainStart"]> {
    return this.#alone ? none() : super.handleChainStart(...args);
  }

  override async handleToolStart(...args: ToolStart): ReturnType<CallbackManager["handleToolStart"]> {
    if (!this.#alone) return super.handleToolStart(...args);
    const [tool, input, given, , , , runName, callId] = args;
    if (this.#watcher.core.passes.consume(given) || this.#watcher.ignores("tool")) return none();
    const id = given ?? randomUUID();
    const text = typeof input === "string" ? input : JSON.stringify(input);
    await outside(() =>
      this.#watcher.handleToolStart(tool, text, id, undefined, undefined, this.metadata, runName, callId),
    );
    const run = new CallbackManagerForToolRun(id, ...this.#passedOn);
    // What the tool starts is watched by a manager like this one, or it would be announced like under a tracer.
    return Object.create(run, { getChild: { value: () => new WatchManager(this.#watcher) } }) as typeof run;
  }

  override async handleChatModelStart(...args: ChatModelStart): ReturnType<CallbackManager["handleChatModelStart"]> {
    if (!this.#alone) return super.handleChatModelStart(...args);
    const [model, messages, given] = args;
    if (this.#watcher.core.passes.consume(given) || this.#watcher.ignores("model")) return none();
    const runs = messages.map(async (group, index) => {
      const id = index === 0 && given ? given : randomUUID();
      await outside(() =>
        this.#watcher.handleChatModelStart(model, [group], id, undefined, undefined, undefined, this.metadata),
      );
      return unnamed(new CallbackManagerForLLMRun(id, ...this.#passedOn));
    });
    return Promise.all(runs);
  }

  get #passedOn() {
    return [
      this.handlers,
      this.inheritableHandlers,
      this.tags,
      this.inheritableTags,
      this.metadata,
      this.inheritableMetadata,
    ] as const;
  }
}

/**
 * Asks the watcher as LangChain asks a handler, outside of every context, but without LangChain's own catch, which prints
 * a refusal to the console before it throws it on.
 */
function outside<T>(ask: () => Promise<T>): Promise<T> {
  return AsyncLocalStorageProviderSingleton.getInstance().run(undefined as never, ask);
}

/** Told by the model's run, which keeps its id. */
const TOLD = ["handleLLMNewToken", "handleChatModelStreamEvent", "handleLLMEnd", "handleLLMError"] as const;

/**
 * A model's run without an id to be seen: LangChain would name the message after it, which it does not where nobody
 * listens, and the name would be stored.
 */
function unnamed(run: Awaited<ReturnType<CallbackManager["handleChatModelStart"]>>[number]): typeof run {
  const parts: PropertyDescriptorMap = { runId: { value: undefined } };
  for (const name of TOLD) if (typeof run[name] === "function") parts[name] = { value: run[name].bind(run) };
  return Object.create(run, parts) as typeof run;
}

/** LangChain's callers take a missing run manager for "nobody listens"; its declared types do not say so. */
function none<T>(): T {
  return undefined as T;
}
