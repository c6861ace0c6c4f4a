import { canonical } from "../canonical.js";
import { BUDGET, CHECKS } from "./operators.js";
import type { Op, Parsed } from "./parse.js";
import { isEmpty, isWithin, rangeOf } from "./ranges.js";

/** Above this many cases nothing is said: a missed warning is better than a wait. */
const MOST_TERMS = 128;
const MOST_VALUES = 32;

/** One operator on one path, or a part that is only known by its text (`not`). */
interface Literal {
  readonly path: string;
  readonly op: Op | null;
  readonly text: string;
}
type Term = readonly Literal[];

const eqTo = (operand: unknown): Op => ({ name: "eq", operand, check: CHECKS["eq"]?.(operand as never) ?? null });

/** The cases in which a condition holds, each a list of what must hold at once; null when there are too many. */
function termsOf(parsed: Parsed): readonly Term[] | null {
  if (parsed.kind === "not") return [[{ path: "", op: null, text: textOf(parsed) }]];
  if (parsed.kind === "test")
    return product(
      parsed.ops.map((op): readonly Term[] => {
        const values = op.name === "in" ? (op.operand as readonly unknown[]) : [];
        const ops = values.length > 0 && values.length <= MOST_VALUES ? values.map(eqTo) : [op];
        return ops.map((one) => [literal(parsed.label, one)]);
      }),
    );
  const parts = parsed.parts.map(termsOf);
  if (parts.includes(null)) return null;
  const terms = parts as readonly (readonly Term[])[];
  if (parsed.kind === "all") return product(terms);
  const all = terms.flat();
  return all.length <= MOST_TERMS ? all : null;
}

function product(factors: readonly (readonly Term[])[]): readonly Term[] | null {
  let terms: readonly Term[] = [[]];
  for (const factor of factors) {
    if (terms.length * factor.length > MOST_TERMS) return null;
    terms = terms.flatMap((term) => factor.map((other) => [...term, ...other]));
  }
  return terms;
}

const literal = (path: string, op: Op): Literal => ({ path, op, text: `${path} ${op.name} ${canonical(op.operand)}` });

const textOf = (parsed: Parsed): string =>
  parsed.kind === "test"
    ? parsed.ops.map((op) => literal(parsed.label, op).text).join(" and ")
    : `${parsed.kind}(${parsed.parts.map(textOf).join("; ")})`;

/** Whether an operator lets a value pass that is known. */
const lets = (op: Op, value: unknown): boolean =>
  op.check === null ? op.operand === true : op.check(value, { left: BUDGET }) === true;

const opsOn = (term: Term, path: string): readonly Op[] =>
  term.flatMap((other) => (other.path === path && other.op !== null ? [other.op] : []));

/** Whether a literal holds in every case that `term` describes. */
function follows(term: Term, wanted: Literal): boolean {
  if (term.some((other) => other.text === wanted.text)) return true;
  if (wanted.op === null) return false;
  const ops = opsOn(term, wanted.path);
  if (wanted.op.name === "exists")
    return wanted.op.operand === true && ops.some((op) => op.name !== "exists" || op.operand === true);
  const known = ops.find((op) => op.name === "eq");
  if (known !== undefined) return lets(wanted.op, known.operand);
  const range = rangeOf(ops);
  const outer = rangeOf([wanted.op]);
  return range !== null && outer !== null && isWithin(range, outer);
}

/** Whether the parts of a term exclude each other. */
function isImpossible(term: Term): boolean {
  return [...new Set(term.map(({ path }) => path))].some((path) => {
    const ops = opsOn(term, path);
    const known = ops.find((op) => op.name === "eq");
    if (known !== undefined && !ops.every((op) => lets(op, known.operand))) return true;
    const absent = ops.some((op) => op.name === "exists" && op.operand === false);
    return (absent && ops.some((op) => op.name !== "exists" || op.operand === true)) || isEmpty(rangeOf(ops));
  });
}

/** Whether no context can satisfy a condition, as far as its constants show. */
export function neverHolds(parsed: Parsed): boolean {
  return termsOf(parsed)?.every(isImpossible) === true;
}

/** The index of an earlier condition that holds whenever this one does, or of the last of several that do together; null if none. */
export function coveredBy(parsed: Parsed, earlier: readonly Parsed[]): number | null {
  const terms = termsOf(parsed)?.filter((term) => !isImpossible(term));
  if (terms === undefined || terms.length === 0) return null;
  let last = -1;
  for (const term of terms) {
    const index = earlier.findIndex((other) =>
      termsOf(other)?.some((cover) => cover.every((wanted) => follows(term, wanted))),
    );
    if (index === -1) return null;
    last = Math.max(last, index);
  }
  return last;
}
