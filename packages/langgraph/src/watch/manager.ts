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
type Metadata = Parameters<CallbackManager["addMetadata"]>[0];

/** One for all: a promise per chain is what a watched run would mostly pay for. */
const QUIET = Promise.resolve();

/** LangChain's callers take a missing run manager for "nobody listens"; its declared types do not say so. */
const nobody = <T>(): Promise<T> => QUIET as Promise<never>;

/**
 * Asks the watcher as LangChain asks a handler, outside of every context, but without LangChain's own catch, which prints
 * a refusal to the console before it throws it on.
 */
const outside = <T>(ask: () => T): T =>
  AsyncLocalStorageProviderSingleton.getInstance().run(undefined as never, ask) as T;

const NO_METADATA: Metadata = Object.freeze({});

/** A run name that a config has where nobody watches. It was taken off: a tool called with it would be called like it. */
export interface Handed {
  readonly runName: string;
  /** The node whose code has that config. */
  readonly ns: string;
}

/**
 * A callback manager that holds the watcher alone. LangChain pays for every chain, tool and model as soon as one handler
 * is there; this one answers "no run" where the watcher has nothing to see, which is what code without callbacks gets.
 * Once another handler joins (a tracer, a messages stream), it is an ordinary manager.
 */
export class WatchManager extends CallbackManager {
  readonly #watcher: Watcher;
  readonly #handed: Handed | null;

  constructor(watcher: Watcher, handed: Handed | null = null) {
    super(undefined, { handlers: [watcher], inheritableHandlers: [watcher], metadata: NO_METADATA });
    this.#watcher = watcher;
    this.#handed = handed;
  }

  /** What a config with this manager is short of; nothing where another handler joined, which is told other names. */
  get handed(): Handed | null {
    return this.alone ? this.#handed : null;
  }

  /** The same, in a config that is short of something else. */
  short(handed: Handed | null): WatchManager {
    return new WatchManager(this.#watcher, handed);
  }

  /** Whether no other handler joined. */
  get alone(): boolean {
    return this.handlers.length === 1 && this.handlers[0] === this.#watcher;
  }

  override copy(...[handlers = [], inherit = true]: Parameters<CallbackManager["copy"]>): CallbackManager {
    if (!this.alone) return super.copy(handlers, inherit);
    const copy = this.short(this.#handed);
    for (const handler of handlers) copy.addHandler(handler, inherit);
    return copy;
  }

  override addTags(...args: Parameters<CallbackManager["addTags"]>): void {
    if (!this.alone) super.addTags(...args);
  }

  override addMetadata(...args: Parameters<CallbackManager["addMetadata"]>): void {
    const [metadata] = args;
    if (!this.alone) super.addMetadata(...args);
    // Kept by reference: the watcher reads the model's name from it, and nobody else is here.
    else if (this.metadata === NO_METADATA) this.metadata = metadata;
    else if (Object.keys(metadata).length > 0) this.metadata = { ...metadata, ...this.metadata };
  }

  override handleChainStart(...args: ChainStart): ReturnType<CallbackManager["handleChainStart"]> {
    if (!this.alone) return super.handleChainStart(...args);
    const [{ id }, , , , , , runName] = args;
    const node = this.metadata?.["langgraph_node"];
    if (runName === undefined || node !== runName || id.at(-1) !== "RunnableSequence" || this.#watcher.ignores("tool"))
      return nobody();
    // A node of a graph that nobody wrapped: its code would hand the node's name on to the tools that it calls.
    const { showsConfigs } = this.#watcher.frame.scope;
    const handed = showsConfigs ? { runName, ns: String(this.metadata?.["langgraph_checkpoint_ns"]) } : null;
    return Promise.resolve(new UnwrappedNode(this.short(handed)) as never);
  }

  override async handleToolStart(...args: ToolStart): ReturnType<CallbackManager["handleToolStart"]> {
    if (!this.alone) return super.handleToolStart(...args);
    const [tool, input, given, , , , runName, callId] = args;
    if (this.#watcher.core.passes.consume(given, tool) || this.#watcher.ignores("tool")) return nobody();
    const id = given ?? randomUUID();
    const text = typeof input === "string" ? input : JSON.stringify(input);
    await outside(() =>
      this.#watcher.handleToolStart(tool, text, id, undefined, undefined, this.metadata, runName, callId),
    );
    const { handlers, inheritableHandlers, tags, inheritableTags, metadata, inheritableMetadata } = this;
    const run = new CallbackManagerForToolRun(
      id,
      handlers,
      inheritableHandlers,
      tags,
      inheritableTags,
      metadata,
      inheritableMetadata,
    );
    // What the tool starts is watched by a manager like this one, or it would be announced like under a tracer.
    return Object.create(run, { getChild: { value: () => this.short(this.#handed) } }) as typeof run;
  }

  override handleChatModelStart(...args: ChatModelStart): ReturnType<CallbackManager["handleChatModelStart"]> {
    if (!this.alone) return super.handleChatModelStart(...args);
    const [model, messages, first] = args;
    const watcher = this.#watcher;
    if (watcher.core.passes.consume(first, model) || watcher.ignores("model")) return nobody();
    const runs: WatchedModel[] = [];
    const told: Promise<undefined>[] = [];
    for (const [index, group] of messages.entries()) {
      const id = index === 0 && first ? first : randomUUID();
      runs.push(new WatchedModel(watcher, id));
      const pending = outside(() =>
        watcher.handleChatModelStart(model, [group], id, undefined, args[4], undefined, this.metadata),
      );
      if (pending !== undefined) told.push(pending);
    }
    return told.length > 0 ? Promise.all(told).then(() => runs) : Promise.resolve(runs);
  }
}

/** The run of a node that nobody hears of. */
class UnwrappedNode {
  constructor(readonly child: WatchManager) {}
  getChild(): WatchManager {
    return this.child;
  }
  handleChainEnd(): void {}
  handleChainError(): void {}
}

/**
 * Stands for "no callbacks" in the config of a governed call, whose own start the watcher need not see: LangChain then
 * spares what it makes for callbacks, as where nobody listens. It says what to put back for the code of the call.
 */
export class Unannounced extends CallbackManager {
  constructor(readonly instead: WatchManager) {
    super();
  }

  override copy(...[handlers = [], inherit]: Parameters<CallbackManager["copy"]>): CallbackManager {
    // LangChain's callers take a missing manager for "nobody listens"; its declared types do not say so.
    return handlers.length === 0 ? (undefined as never) : new CallbackManager().copy(handlers, inherit);
  }
}

/**
 * A model's run for the watcher alone. Without an id to be seen: LangChain would name the message after it, which it does
 * not where nobody listens, and the name would be stored.
 */
class WatchedModel extends CallbackManagerForLLMRun {
  readonly #watcher: Watcher;
  readonly #id: string;

  constructor(watcher: Watcher, id: string) {
    super(undefined as never, [watcher], [watcher], [], [], {}, {});
    this.#watcher = watcher;
    this.#id = id;
  }

  override handleLLMNewToken(): Promise<void> {
    this.#watcher.heard(this.#id);
    return QUIET;
  }
  override handleChatModelStreamEvent(): Promise<void> {
    this.#watcher.heard(this.#id);
    return QUIET;
  }
  override handleLLMEnd(output: Parameters<CallbackManagerForLLMRun["handleLLMEnd"]>[0]): Promise<void> {
    return outside(() => this.#watcher.handleLLMEnd(output, this.#id)) ?? QUIET;
  }
  override handleLLMError(error: unknown): Promise<void> {
    return outside(() => this.#watcher.handleLLMError(error, this.#id)) ?? QUIET;
  }
}
