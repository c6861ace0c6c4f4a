import type { Paint } from "../paint.js";
import type { Flags } from "./flags.js";
import type { Io } from "./io.js";

/** An option of a command, as `--help` shows it. */
export interface OptionDoc {
  readonly type: "string" | "boolean";
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What stands for the value in the usage, for options that have one. */
  readonly value?: string;
  readonly doc: string;
}

/** What a command found. It prints nothing itself. */
export interface Outcome {
  /** 1: it found something that is wrong. */
  readonly exit: 0 | 1;
  readonly text: string;
  /** What `--json` prints. */
  readonly data: unknown;
}

/** One call of a command. */
export interface Call {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly io: Io;
  /** Colours for standard output. */
  readonly paint: Paint;
}

/** A built-in command. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Names of its arguments, in order; `[name]` may be left out. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, OptionDoc>>;
  /** What `--help` adds below the options. */
  readonly notes?: string;
  run(call: Call): Outcome | Promise<Outcome>;
}

/** Options that every command has. */
export const COMMON: Readonly<Record<string, OptionDoc>> = Object.freeze({
  stack: {
    type: "string",
    value: "path#export",
    doc: "where the stack is; default GRAPHTAP_STACK, then graphtap.config.ts",
  },
  json: { type: "boolean", doc: "print JSON" },
  help: { type: "boolean", doc: "print how the command is used" },
});
