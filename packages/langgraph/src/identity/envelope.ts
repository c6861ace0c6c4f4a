import { inspect } from "node:util";
import type { Clock } from "@graphtap/kernel";
import type { RunnableConfig } from "@langchain/core/runnables";
import { identityInvalid, identityNotIssued, identityThreadConflict } from "../errors.js";
import { described } from "../workflow/issue.js";
import type { ParsedWho } from "./who.js";
import type { Principal } from "./principal.js";

/** The key of `configurable` that carries an identity up to the boundary of a wrapped graph, and no further. */
const ENVELOPE_KEY = "__graphtap";

/** What LangGraph and LangChain accept as a config: all of it optional. */
export type Config = Partial<RunnableConfig> & Record<string, unknown>;

/** Belongs to the first argument, or into `configurable`: beside them LangGraph would drop it without a word. */
const MISPLACED = ["userId", "service", "tenantId", "roles", "conversationId", "thread_id", "threadId"];

function assertConfig(config: unknown): void {
  const problem =
    typeof config !== "object" || config === null || Array.isArray(config)
      ? `the second argument: expected a run config, got ${described(config)}`
      : MISPLACED.filter((key) => Object.hasOwn(config, key))
          .map((key) => `${key}: expected in the first argument, got it in the second, which is the run config`)
          .join("\n");
  if (problem !== "") throw identityInvalid([problem]);
}

/** An issued identity: opaque, known only to the stack that made it. */
class Envelope {
  readonly #label: string;
  constructor(label: string) {
    this.#label = label;
    Object.freeze(this);
  }
  toString(): string {
    return `Identity(${this.#label})`;
  }
  toJSON(): undefined {
    return undefined;
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/** What a stack remembers of an identity it issued. */
export interface Issued {
  readonly principal: Principal;
  /** Monotonic milliseconds after which it starts no run; null never. */
  readonly expiresAt: number | null;
}

/** What was taken off a config. */
export interface Taken<C> {
  /** The config without the envelope; the same object when it carried none. */
  readonly config: C;
  readonly issued: Issued | null;
}

/** Issues identities and takes them off configs. One per stack; an envelope of another stack is unknown here. */
export class Envelopes {
  readonly #issued = new WeakMap<object, Issued>();
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #stack: string;

  constructor(stack: string, clock: Clock, ttlMs: number) {
    this.#stack = stack;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** Puts a fresh envelope, and the thread of the conversation, into a copy of `config`. */
  issue(who: ParsedWho, config: Config): Config {
    assertConfig(config);
    const envelope = new Envelope(who.principal.label);
    const expiresAt = who.principal.service === null ? this.#clock.monotonic() + this.#ttlMs : null;
    this.#issued.set(envelope, { principal: who.principal, expiresAt });
    const given = config.configurable ?? {};
    const threadId: unknown = given["thread_id"];
    if (who.conversationId !== undefined && threadId !== undefined && threadId !== who.conversationId) {
      throw identityThreadConflict(who.conversationId, threadId);
    }
    const thread = who.conversationId === undefined ? {} : { thread_id: who.conversationId };
    return { ...config, configurable: { ...given, ...thread, [ENVELOPE_KEY]: envelope } };
  }

  /**
   * Takes the identity off a config.
   *
   * @throws GraphTapError IDENTITY_NOT_ISSUED when what sits there was not made by this stack.
   */
  take<C>(config: C, subject: string): Taken<C> {
    const configurable = (config as Config | undefined)?.configurable;
    if (configurable === undefined || configurable === null || !Object.hasOwn(configurable, ENVELOPE_KEY))
      return { config, issued: null };
    const { [ENVELOPE_KEY]: found, ...rest } = configurable as Record<string, unknown>;
    const clean = { ...(config as Config), configurable: rest } as C;
    if (found === undefined) return { config: clean, issued: null };
    const issued = typeof found === "object" && found !== null ? this.#issued.get(found) : undefined;
    if (issued === undefined) throw identityNotIssued(this.#stack, subject, found);
    return { config: clean, issued };
  }

  /** Whether an identity is too old to start a run. */
  expired(issued: Issued): boolean {
    return issued.expiresAt !== null && this.#clock.monotonic() > issued.expiresAt;
  }
}
