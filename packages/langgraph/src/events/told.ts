import { AIMessageChunk } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import type { RunEvent } from "../hooks/run.js";
import type { LogPatch, StreamEvent, Told } from "./tracer.js";

/** An event as taps see it, and how it is told with what they made of it. */
export interface Telling {
  readonly event: RunEvent;
  written(event: RunEvent): readonly Told[];
}

type Data = RunEvent["data"];
const PHASES = ["start", "stream", "end", "error"] as const;
const NOTHING: readonly unknown[] = Object.freeze([]);

/** Only what changed makes a new object: an event that nobody touched is told as it is. */
const same = (a: Data, b: Data): boolean => {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Data>;
  return [...keys].every((key) => a[key] === b[key]);
};

/** Takes apart what LangChain tells of the steps of one run, and puts it together again. */
export class EventForms {
  /** LangChain's id of the run itself. */
  root: string | null = null;
  /** Entries of a log by their key, while they are open. */
  readonly #entries = new Map<string, Entry>();

  constructor(readonly workflow: string) {}

  /** The caller's input, which LangChain tells by itself, as the start of the run. */
  input(value: unknown): RunEvent {
    return this.#made(this.root ?? "", "chain", this.workflow, "start", { input: value });
  }

  /** Null for what shows no data. */
  read(told: Told): Telling | null {
    return "ops" in told ? this.#patch(told) : this.#event(told);
  }

  #event(told: StreamEvent): Telling {
    const { data } = told;
    const custom = told.event === "on_custom_event";
    const phase = custom ? "custom" : (PHASES.find((one) => told.event.endsWith(`_${one}`)) ?? "custom");
    const type = custom ? "custom" : told.event.slice("on_".length, -`_${phase}`.length);
    const shown: Data = phase === "custom" ? { payload: data } : data;
    const event = this.#made(told.run_id, type, told.name ?? "", phase, shown);
    return {
      event,
      written: ({ data: changed, before }) => [
        ...before.map((chunk): Told => ({ ...told, event: `on_${type}_stream`, data: { chunk } })),
        same(changed, shown)
          ? told
          : { ...told, data: (phase === "custom" ? changed.payload : { ...changed }) as StreamEvent["data"] },
      ],
    };
  }

  #patch(patch: LogPatch): Telling | null {
    const [first] = patch.ops;
    const path = first?.path ?? "";
    if (path === "") return null;
    const root = this.root ?? "";
    if (path === "/final_output")
      return this.#ofOps(patch, this.#made(root, "chain", this.workflow, "end", { output: first?.value }), {
        output: path,
      });
    if (path === "/streamed_output/-")
      return this.#ofOps(patch, this.#made(root, "chain", this.workflow, "stream", { chunk: first?.value }), {
        chunk: path,
      });
    const [, key = "", part] =
      /^\/logs\/(.*?)(\/(?:inputs|final_output|streamed_output(?:_str)?\/-))?$/s.exec(path) ?? [];
    if (part === undefined) return this.#begun(patch, key, first?.value);
    const entry = this.#entries.get(key) ?? { id: "", type: "", name: key, generations: false };
    const at = (name: string): string => `/logs/${key}/${name}`;
    const valueAt = (name: string): unknown => patch.ops.find((op) => op.path === at(name))?.value;
    if (part.startsWith("/streamed_output")) return this.#streamed(patch, entry, at, valueAt("streamed_output/-"));
    this.#entries.delete(key);
    const data = { ...(part === "/inputs" ? { input: valueAt("inputs") } : {}), output: valueAt("final_output") };
    return this.#ofOps(
      patch,
      this.#made(entry.id, entry.type, entry.name, "end", data),
      { input: at("inputs"), output: at("final_output") },
      (chunk) => [
        { op: "add", path: at("streamed_output_str/-"), value: textOf(chunk) },
        { op: "add", path: at("streamed_output/-"), value: entry.generations ? generation(chunk) : chunk },
      ],
    );
  }

  #begun(patch: LogPatch, key: string, value: unknown): Telling | null {
    const { id = "", type = "", name = key, inputs } = (value ?? {}) as Partial<Entry> & { readonly inputs?: unknown };
    this.#entries.set(key, { id, type, name, generations: false });
    if (inputs === undefined) return null;
    const event = this.#made(id, type, name, "start", { input: inputs });
    return {
      event,
      written: ({ data }) => [
        data.input === inputs ? patch : withOps(patch, () => ({ ...(value as object), inputs: data.input })),
      ],
    };
  }

  #streamed(patch: LogPatch, entry: Entry, at: (name: string) => string, value: unknown): Telling {
    const message = messageOf(value);
    entry.generations ||= message !== null;
    const shown = message ?? value;
    const event = this.#made(entry.id, entry.type, entry.name, "stream", { chunk: shown });
    return {
      event,
      written: ({ data: { chunk } }) => [
        chunk === shown
          ? patch
          : withOps(patch, (path, before) => {
              if (path === at("streamed_output_str/-")) return textOf(chunk);
              return path === at("streamed_output/-") ? (message === null ? chunk : generation(chunk)) : before;
            }),
      ],
    };
  }

  #ofOps(
    patch: LogPatch,
    event: RunEvent,
    paths: { readonly [K in keyof Data]?: string },
    extra: (chunk: unknown) => readonly object[] = () => [],
  ): Telling {
    return {
      event,
      written: ({ data, before }) => [
        ...before.map((chunk) => opsOf(patch, extra(chunk) as LogPatch["ops"])).filter(({ ops }) => ops.length > 0),
        same(data, event.data)
          ? patch
          : withOps(patch, (path, value) => {
              for (const [key, of] of Object.entries(paths)) if (of === path) return data[key as keyof Data];
              return value;
            }),
      ],
    };
  }

  #made(id: string, type: string, name: string, phase: RunEvent["phase"], data: Data): RunEvent {
    return Object.freeze({ id, root: id === this.root, type, name, phase, data, before: NOTHING });
  }
}

interface Entry {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** Its chunks are generations around messages. */
  generations: boolean;
}

/** New objects: what LangChain made is also somebody else's. */
const opsOf = (patch: LogPatch, ops: LogPatch["ops"]): LogPatch =>
  Object.create(patch, { ops: { value: ops, enumerable: true } }) as LogPatch;
const withOps = (patch: LogPatch, change: (path: string, value: unknown) => unknown): LogPatch =>
  opsOf(
    patch,
    patch.ops.map((op) => ({ ...op, value: change(op.path, op.value) })),
  );

function messageOf(chunk: unknown): unknown {
  return typeof chunk === "object" && chunk !== null && "text" in chunk && "message" in chunk ? chunk.message : null;
}

const generation = (message: unknown): ChatGenerationChunk =>
  new ChatGenerationChunk({ text: textOf(message), message: message as AIMessageChunk });

function textOf(chunk: unknown): string {
  if (typeof chunk === "string") return chunk;
  const { content } = (chunk ?? {}) as { content?: unknown };
  return typeof content === "string" ? content : "";
}
