import { CallbackManager } from "@langchain/core/callbacks/manager";
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
    return this.#alone && (this.#watcher.core.passes.consume(args[2]) || this.#watcher.ignores("tool")) ? none() : super.handleToolStart(...args);
  }

  override async handleChatModelStart(...args: ChatModelStart): ReturnType<CallbackManager["handleChatModelStart"]> {
    return this.#alone && (this.#watcher.core.passes.consume(args[2]) || this.#watcher.ignores("model")) ? none() : super.handleChatModelStart(...args);
  }
}

/** LangChain's callers take a missing run manager for "nobody listens"; its declared types do not say so. */
function none<T>(): T {
  return undefined as T;
}
