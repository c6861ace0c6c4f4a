import type { RunContext } from "@graphtap/langgraph";
import { runKey } from "@graphtap/langgraph";
import { KIND_OF } from "./detect/catalog.js";
import type { Program } from "./detect/program.js";
import { labelOf } from "./detect/sieve.js";
import { filterText } from "./detect/text.js";
import { type Refusal, refusalOf } from "./errors.js";
import type { ContentPlace } from "./keys.js";
import { type Called, Pending } from "./pending.js";
import type { Policy } from "./policy.js";
import { type Listeners, Report } from "./report.js";
import type { Clean } from "./thrown.js";
import { hiddenIn } from "./values/labels.js";
import { Memories, type Memory } from "./values/memory.js";
import { Scan, type ScanLimits, type Within } from "./values/scan.js";
import { ToldTexts } from "./values/told.js";

/** What came of looking at a value. */
export type Outcome =
  | { readonly kind: "clean" }
  | { readonly kind: "hidden"; readonly value: unknown }
  | { readonly kind: "blocked"; readonly refusal: Refusal };

/** How finds are told, where it is not each of them at once. */
interface Telling {
  /** The value may have been shown before: what was told of a text in it is not told again. */
  readonly again?: boolean;
  readonly tell?: (report: Report) => void;
}

const CLEAN: Outcome = Object.freeze({ kind: "clean" });
const Seen = runKey<Memories>("content.seen");
const Undecided = runKey<Pending>("content.undecided");
const Shown = runKey<Memories>("content.shown");

/** The places of a stack, each with what is looked for there. */
export class Places {
  /** What was told of, over all runs. */
  readonly told = new ToldTexts();
  readonly #keys = new WeakMap<Program, Set<string>>();

  constructor(
    readonly policy: Policy,
    readonly limits: ScanLimits,
    readonly onLimit: "block" | "flag",
    readonly listeners: Listeners,
  ) {}

  program(place: ContentPlace): Program | null {
    return this.policy[place];
  }

  /** What this run has looked at with these detectors. */
  memory(run: RunContext, program: Program): Memory {
    return this.#memoryAt(Seen, run, program);
  }

  /** A text with everything hidden that the place masks or blocks: for errors, which cannot be refused. */
  cleaned(place: ContentPlace, text: string, run: RunContext, tool: string | null = null): string {
    const program = this.policy[place];
    if (program === null) return text;
    if (text.length > this.limits.characters) return refusalOf("limit", place).message;
    const report = this.report(place, run, tool);
    const shown = filterText(program, text, (found) => {
      // It is not refused, whatever the action: only what is hidden is hidden.
      report.sink(found.action === "block" ? { ...found, action: "mask" } : found);
    });
    this.listeners.tally.looked(text.length);
    report.done();
    return shown;
  }

  /** The same for what an error carries besides its message. What cannot be looked through does not leave. */
  cleanedData(place: ContentPlace, value: unknown, run: RunContext, tool: string | null = null): unknown {
    const program = this.policy[place];
    if (program === null) return value;
    const report = this.report(place, run, tool);
    const scan = new Scan(program, this.limits, null, ({ found }) => {
      report.sink(found.action === "block" ? { ...found, action: "mask" } : found);
    });
    const { hides, over, characters } = scan.run(value);
    this.listeners.tally.looked(characters);
    if (over !== null) report.over(this.onLimit === "block");
    report.done();
    if (over !== null && this.onLimit === "block") return labelOf("limit");
    if (!hides) return value;
    const shown = scan.hidden(value);
    return shown.complete ? shown.value : labelOf("limit");
  }

  /**
   * A value with everything hidden that the place masks or blocks, where it is only shown: nobody is told, and nothing is
   * refused. What cannot be looked through is not shown at all.
   */
  shown(place: ContentPlace, value: unknown, run: RunContext): unknown {
    const program = this.policy[place];
    if (program === null) return value;
    const scan = new Scan(program, this.limits, this.#memoryAt(Shown, run, program), () => undefined);
    const { hides, over } = scan.run(value);
    if (over !== null && this.onLimit === "block") return labelOf("limit");
    if (!hides) return value;
    const hidden = scan.hidden(value);
    return hidden.complete ? hidden.value : labelOf("limit");
  }

  /** What becomes of an error that leaves at a place. */
  clean(place: ContentPlace, run: RunContext, tool: string | null = null): Clean {
    return {
      text: (text) => this.cleaned(place, text, run, tool),
      data: (value) => this.cleanedData(place, value, run, tool),
    };
  }

  /**
   * Why a call may not be made in whose arguments something was hidden before: what may not be sent to a tool is refused,
   * and not sent with a hole in it. Known by what stands in its place, so also after a pause and in another process.
   */
  emptied(run: RunContext, args: readonly unknown[], call: Called): Refusal | null {
    const { toolArguments } = this.policy;
    if (toolArguments === null) return null;
    const id = hiddenIn(args, (detector) => toolArguments.actions.get(detector) === "block", this.limits.nodes);
    if (id === null) return null;
    const report = this.report("toolArguments", run, call.name, true);
    const kind = KIND_OF.get(id) ?? (toolArguments.patterns?.ids.includes(id) === true ? "pattern" : "denied");
    report.sink({ id, kind, action: "block", from: -1, to: -1, encoding: null, sample: null });
    this.pending(run).hold(call, report);
    return refusalOf(id, "toolArguments", "it was hidden before");
  }

  report(place: ContentPlace, run: RunContext, tool: string | null = null, toldByGuard = false): Report {
    return new Report(this.listeners, { place, run, tool }, toldByGuard);
  }

  /** What this run has found in the arguments of calls that are not decided. */
  pending(run: RunContext): Pending {
    let pending = run.data.get(Undecided);
    if (pending === undefined) run.data.set(Undecided, (pending = new Pending()));
    return pending;
  }

  /** Looks at the arguments of a call; what is found is told when the call is decided. */
  lookAtCall(args: unknown, run: RunContext, call: Called): Outcome {
    return this.look("toolArguments", args, run, call.name, true, {
      tell: (report) => this.pending(run).hold(call, report),
    });
  }

  /** Looks at a value, tells what was found, and gives what may pass. */
  look(
    place: ContentPlace,
    value: unknown,
    run: RunContext,
    tool: string | null = null,
    byGuard = false,
    { again = false, tell }: Telling = {},
  ): Outcome {
    const program = this.policy[place];
    if (program === null) return CLEAN;
    let report: Report | null = null as Report | null;
    let texts: Set<Within> | null = null as Set<Within> | null;
    const scan = new Scan(program, this.limits, this.memory(run, program), (at) => {
      if (again && at.found.action !== "block" && texts?.has(at.within) !== true && this.told.has(run, at.within.raw))
        return;
      (texts ??= new Set()).add(at.within);
      (report ??= this.report(place, run, tool, byGuard)).sink(at.found);
    });
    const { hides, blocked, over, characters } = scan.run(value);
    for (const { raw, shown } of texts ?? []) {
      this.told.add(run, raw);
      if (shown !== raw) this.told.add(run, shown);
    }
    this.listeners.tally.looked(characters);
    if (report === null && over === null && !hides) return CLEAN;
    report ??= this.report(place, run, tool, byGuard);
    const why = `not all of it could be looked at (${String(over)})`;
    if (over !== null) report.over(this.onLimit === "block");
    let outcome: Outcome = CLEAN;
    if (blocked !== null) outcome = { kind: "blocked", refusal: refusalOf(blocked.id, place) };
    else if (over !== null && this.onLimit === "block")
      outcome = { kind: "blocked", refusal: refusalOf("limit", place, why) };
    else if (hides) {
      const { value: shown, complete } = scan.hidden(value);
      outcome = complete
        ? { kind: "hidden", value: shown }
        : { kind: "blocked", refusal: refusalOf("limit", place, "it changed while it was looked at") };
    }
    if (tell === undefined) report.done();
    else tell(report);
    return outcome;
  }

  #memoryAt(key: typeof Seen, run: RunContext, program: Program): Memory {
    let memories = run.data.get(key);
    if (memories === undefined) run.data.set(key, (memories = new Memories((of) => this.#keysOf(of))));
    return memories.of(program);
  }

  #keysOf(program: Program): Set<string> {
    let keys = this.#keys.get(program);
    if (keys === undefined) this.#keys.set(program, (keys = new Set()));
    return keys;
  }
}
