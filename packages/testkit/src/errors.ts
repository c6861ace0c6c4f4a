import { GraphTapError } from "@graphtap/kernel";

interface Explained {
  readonly title: string;
  readonly why: string;
  readonly do: string;
  readonly example?: string;
}

const entries = {
  SCRIPT_INVALID: {
    title: "A step of a script cannot be played",
    why: "A step says, calls, throws or hangs; the one given does none of it, or its parts contradict each other.",
    do: "Return one of the documented steps.",
    example: 'scriptedModel([{ call: { name: "search", args: { q: "x" } } }, { say: "done" }]);',
  },
  SCRIPT_EXHAUSTED: {
    title: "A script was asked for more steps than it has",
    why: "The code under test made more calls than the test expected.",
    do: 'Add the missing steps, or pass { whenDone: "repeat" } or "loop".',
  },
  CLOCK_INVALID: {
    title: "A fake clock was given a time it cannot use",
    why: "The start is no date, or time was asked to run backwards.",
    do: "Pass an ISO date, a Date or milliseconds; advance by zero or more. To move the wall clock alone use jump().",
  },
  CLOCK_RUNAWAY: {
    title: "Timers of a fake clock never come to an end",
    why: "A timer without delay sets itself again each time it fires.",
    do: "Give the timer a delay, or stop it.",
  },
  SECURITY_NOT_INSTALLED: {
    title: "There is no security plugin to grant with",
    why: 'grantAll grants through the service "security", and no plugin of the stack provides it.',
    do: "Add security() to the plugins of the stack, or leave grantAll out: without it every tool may run.",
  },
} as const satisfies Record<string, Explained>;

export type TestkitErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<TestkitErrorCode, Explained>> = Object.freeze(entries);

const make = (code: TestkitErrorCode, what: string, why: string): GraphTapError =>
  new GraphTapError({ code, what, why, do: entries[code].do });

export const scriptInvalid = (where: string, why: string): GraphTapError =>
  make("SCRIPT_INVALID", `${where}: a step cannot be played.`, why);

export const scriptExhausted = (where: string, steps: number): GraphTapError =>
  make(
    "SCRIPT_EXHAUSTED",
    `${where}: the script has ended.`,
    `It has ${steps} step${steps === 1 ? "" : "s"}, this was call ${steps + 1}.`,
  );

export const clockInvalid = (what: string): GraphTapError =>
  make("CLOCK_INVALID", `fakeClock: ${what}.`, entries.CLOCK_INVALID.why);

export const clockRunaway = (fired: number): GraphTapError =>
  make(
    "CLOCK_RUNAWAY",
    `fakeClock: ${fired} timers fired without the time getting anywhere.`,
    entries.CLOCK_RUNAWAY.why,
  );

export const securityNotInstalled = (stack: string): GraphTapError =>
  make(
    "SECURITY_NOT_INSTALLED",
    `grantAll: stack "${stack}" has no security plugin.`,
    entries.SECURITY_NOT_INSTALLED.why,
  );
