import { randomUUID } from "node:crypto";
import { systemClock } from "@graphtap/kernel";
import { CallbackManager } from "@langchain/core/callbacks/manager";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Config } from "../identity/envelope.js";

/** Where LangChain keeps what `setContextVariable` sets; it hands the object on to every context it opens. */
export const VARIABLES = Symbol.for("lc:context_variables");
/** Where LangChain keeps the config of the code that runs. */
const CONFIG = Symbol.for("lc:child_config");

/** LangSmith's record of a run, which LangChain takes for the context of the code that runs. */
type Tree = Record<string | symbol, unknown>;
type MakeTree = (config: Config | undefined) => Tree;

const storageNow = () => AsyncLocalStorageProviderSingleton.getInstance();

/** What LangChain opens for code that nobody traces: a run tree that is never sent. */
function untracedTree(): Tree | undefined {
  const storage = storageNow();
  return storage.run(undefined as never, () =>
    AsyncLocalStorageProviderSingleton.runWithConfig(undefined, () => storage.getStore()),
  ) as unknown as Tree | undefined;
}

interface Start {
  readonly at: number;
  readonly text: string;
  /** The same as a run's place in its trace begins, by which runs are sorted. */
  readonly order: string;
  /** How the ids of such runs begin: a UUID of version 7 begins with the time, so that ids sort by it. */
  readonly id: string;
}
/** A second in words: as dates are written, and as the order of runs is. Kept, for steps follow each other within it. */
let second = { at: Number.NaN, text: "", order: "" };
function secondOf(ms: number): typeof second {
  const at = Math.floor(ms / 1_000);
  if (second.at === at) return second;
  const text = new Date(at * 1_000).toISOString().slice(0, -4);
  second = { at, text, order: text.replaceAll(/[-:.]/g, "") };
  return second;
}

/** A start as LangSmith writes it: to the microsecond, of which the last three digits count runs. */
function startOf(at: number): Start {
  const { text, order } = secondOf(at);
  const rest = `${String(at % 1_000).padStart(3, "0")}001Z`;
  const time = at.toString(16).padStart(12, "0");
  return { at, text: text + rest, order: order + rest, id: `${time.slice(0, 8)}-${time.slice(8)}-7` };
}

const isPlain = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
const isEmpty = (value: unknown): value is object => isPlain(value) && Object.keys(value).length === 0;

type Field = readonly [string, unknown];
const emptyOf = (of: object): readonly Field[] => Object.entries(of).filter(([, value]) => isEmpty(value));

/** A copy with empty parts of its own. */
function renewed(copy: Tree, empty: readonly Field[]): Tree {
  for (const [key, value] of empty) copy[key] = Array.isArray(value) ? [] : {};
  return copy;
}

/** Fields that are made anew for each tree, and LangSmith's client, which all of them share. */
const MADE = new Set(["id", "trace_id", "dotted_order", "start_time", "_serialized_start_time", "extra", "client"]);

/** Whether a tree is made as it is here: each LangSmith has its own. */
function isKnown(tree: Tree): boolean {
  const { id, trace_id, dotted_order, start_time: at, _serialized_start_time: text } = tree;
  if (typeof id !== "string" || typeof at !== "number") return false;
  const start = startOf(at);
  return (
    tree["tracingEnabled"] === false &&
    id === trace_id &&
    text === start.text &&
    dotted_order === start.order + id &&
    isPlain(tree["extra"]) &&
    [...Object.entries(tree), ...Object.entries(tree["extra"])].every(
      ([key, value]) => MADE.has(key) || typeof value !== "object" || value === null || isEmpty(value),
    )
  );
}

/**
 * Makes run trees that nobody will send, field by field as LangSmith's constructor does it in several times the time; what
 * that reads from the environment is read once. LangChain makes one for every step of every node and for all that it
 * writes: measured, a third of what a ReAct run with a scripted model takes.
 *
 * @returns null where a tree is something else than is known here; then each is made by LangChain.
 */
function treeMaker(): MakeTree | null {
  const first = untracedTree();
  if (first === undefined || !isKnown(first)) return null;
  const shared: Tree = { ...first };
  const extra = first["extra"] as Tree;
  const [emptyInTree, emptyInExtra] = [emptyOf(first), emptyOf(extra)];
  const Class = first.constructor as { getSharedClient?: () => unknown };
  const prototype = Object.getPrototypeOf(first) as object;
  let start = startOf(0);
  return (config) => {
    const at = systemClock.now();
    if (at !== start.at) start = startOf(at);
    const id = start.id + randomUUID().slice(15);
    const tree: Tree = {
      // First, and then its prototype: the other way round V8 copies field by field.
      ...shared,
      __proto__: prototype,
      id,
      trace_id: id,
      start_time: at,
      _serialized_start_time: start.text,
      dotted_order: start.order + id,
      client: Class.getSharedClient?.() ?? shared["client"],
      extra: renewed({ ...extra, [CONFIG]: config }, emptyInExtra),
    };
    return renewed(tree, emptyInTree);
  };
}

let known: MakeTree | null | undefined;

const isTracer = (handler: unknown): boolean => (handler as { name?: unknown } | null)?.name === "langchain_tracer";

/** Whether LangChain may go on in somebody's trace: only under a call that was announced, or in a tree that is followed. */
function traced(config: Config | undefined, context: Tree | undefined): boolean {
  const callbacks = config?.callbacks;
  const manager = callbacks === undefined || Array.isArray(callbacks) ? undefined : callbacks;
  const followed = context !== undefined && "tracingEnabled" in context && context["tracingEnabled"] !== false;
  if (!followed && manager?.getParentRunId() === undefined) return false;
  if ((manager?.handlers ?? (callbacks as readonly unknown[] | undefined))?.some(isTracer) === true) return true;
  const listeners = CallbackManager._configureSync(callbacks, undefined, config?.tags, undefined, config?.metadata);
  return listeners?.handlers.some(isTracer) === true;
}

/**
 * What LangChain's `runWithConfig` does: runs `body` with a config as the ambient one. Where a run may be traced, that
 * one does it.
 */
export function runAmbient<T>(config: Config | undefined, body: () => T): T {
  const storage = storageNow();
  const context = storage.getStore() as Tree | undefined;
  const make = known === undefined ? (known = treeMaker()) : known;
  if (make === null || traced(config, context))
    return AsyncLocalStorageProviderSingleton.runWithConfig(config, body) as T;
  const tree = make(config);
  const variables = context?.[VARIABLES];
  if (variables !== undefined) tree[VARIABLES] = variables;
  return storage.run(tree as never, body) as T;
}
