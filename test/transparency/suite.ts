import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Example } from "../gallery/index.js";
import { texts } from "./compare.js";
import { type Mode, modes, record, type Recording } from "./record.js";
import { FRAMES } from "./normalise.js";
import { bare, CANARY, controlled, governed, type Variant } from "./stacks.js";

/** A tool that is observed is read and parsed before it runs: where its error ends the run, it comes some turns later. */
const mayRace = ({ tags }: Example): boolean => tags.includes("tools") && tags.includes("errors");

/** Milliseconds for one example in up to 28 modes; a tenth of it on a machine of its own. */
const PATIENCE = 60_000;

const asIs = <T>(config: T): T => config;

/** Names and marks of the stack and of who runs it. */
export const FORBIDDEN = new RegExp(`${CANARY}|graphtap`, "i");

/** Where something of the stack or the identity shows. Stack frames name the files of whoever is on the stack. */
export function leaks(recording: Recording): string[] {
  const text = JSON.stringify(recording).replace(FRAMES, "");
  const found: string[] = [];
  for (const match of text.matchAll(new RegExp(FORBIDDEN, "gi")))
    found.push(text.slice(Math.max(0, match.index - 80), match.index + 80));
  return found;
}

async function unwrapped(one: Example, mode: Mode): Promise<Recording> {
  const made = one.make();
  return record(made, made.graph, mode, asIs);
}

const SINGLE_WITH_SUBGRAPHS = /^stream \w+, subgraphs$/;

/** Whether a graph of another can have chunks of its own: else a single mode with subgraphs says nothing new. */
const layered = (one: Example): boolean =>
  one.tags.some((tag) => ["subgraph", "agent", "multi-agent", "entrypoint"].includes(tag));

/** The modes in which an example can run at all, and tells something by it. */
const possible = (one: Example, among: readonly Mode[]): readonly Mode[] =>
  among.filter(
    (mode) => one.unable?.[mode.way] === undefined && (layered(one) || !SINGLE_WITH_SUBGRAPHS.test(mode.name)),
  );

const named = (...names: readonly string[]): readonly Mode[] => modes.filter((mode) => names.includes(mode.name));
/** Without plugins chunks pass as if there were no stack: single modes with subgraphs have nothing to add. */
export const unwatched = modes.filter(
  (mode) => !SINGLE_WITH_SUBGRAPHS.test(mode.name) && mode.name !== "invoke, updates" && mode.way !== "events-v1",
);
/** For variants that lie between two others that are run in every mode. */
export const between = named("stream all modes", "streamEvents v3");
/** For models and tools that were wrapped one by one. */
export const telling = named("stream messages", "stream all modes, subgraphs", "streamEvents v3");
/** For control taps. */
export const controllable = named(
  "invoke",
  "stream all modes",
  "streamEvents v1",
  "streamEvents v2",
  "streamEvents v3",
  "state",
);
/** Aborted in the very turn in which a node begins, and so proves that the chunks of the one before are not the last. */
const TOO_SOON = new Set(["aborted from inside"]);
const held = named("stream all modes", "streamEvents v3");
const few = named("stream all modes, subgraphs");

/**
 * One test per example: each of its modes unwrapped, and wrapped in each variant, side by side. Also runs the host's own
 * graph again after it was wrapped.
 */
export function testGroup(
  examples: readonly Example[],
  variants: readonly { readonly variant: Variant; readonly among: readonly Mode[] }[],
): void {
  for (const one of examples) {
    describe(one.name, () => {
      const plain = new Map<Mode, Promise<Recording>>();
      const plainly = (mode: Mode): Promise<Recording> => {
        let recording = plain.get(mode);
        if (recording === undefined) plain.set(mode, (recording = unwrapped(one, mode)));
        return recording;
      };
      for (const { variant, among } of variants) {
        if (variant === governed && !one.tags.some((tag) => tag === "model" || tag === "tools")) continue;
        it(
          `is the same with ${variant.name}`,
          async () => {
            for (const mode of possible(one, among)) {
              if (variant === controlled && held.includes(mode) && TOO_SOON.has(one.name)) continue;
              const { stack, seen, identify, through } = variant.make();
              const made = one.make(through);
              const wrapped = await record(made, stack.wrap(made.graph as never), mode, identify);
              const { expected, actual } = texts(
                one,
                mode,
                await plainly(mode),
                wrapped,
                variant.exact && !(variant.observes && mayRace(one)),
              );
              // Texts first: they also compare the order of keys. Then as data, for a difference that can be read.
              if (actual !== expected) expect(JSON.parse(actual), mode.name).toEqual(JSON.parse(expected));
              expect(actual === expected, `${mode.name}: keys in another order`).toBe(true);
              expect(leaks(wrapped), mode.name).toEqual([]);
              if (variant.observes && (mode.way !== "batch" || made.graph.batch !== undefined)) {
                expect(seen.get("run.start"), `${mode.name}: runs that observers saw begin`).toBeGreaterThan(0);
                expect(seen.get("run.end"), `${mode.name}: runs that observers saw end`).toBe(seen.get("run.start"));
              }
              await stack.dispose();
            }
          },
          PATIENCE,
        );
      }
      it(
        "leaves the host's own graph as it was",
        async () => {
          for (const mode of possible(one, few)) {
            const { stack } = bare.make();
            const made = one.make();
            stack.wrap(made.graph as never);
            const again = await record(made, made.graph, mode, asIs);
            const { expected, actual } = texts(one, mode, await plainly(mode), again, true);
            expect(actual === expected || inspect(JSON.parse(actual)), mode.name).toBe(true);
          }
        },
        PATIENCE,
      );
    });
  }
}
