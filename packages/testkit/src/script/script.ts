import { scriptExhausted } from "../errors.js";

/** What a model or server answers: a list played in order of the calls, or a function of the call. */
export type Script<Input, Info, S> = readonly S[] | ((input: Input, info: Info) => S | Promise<S>);

/** After the last step of a list: `throw` SCRIPT_EXHAUSTED (default), `repeat` the last step, or `loop` from the first. */
export type WhenDone = "throw" | "repeat" | "loop";

export interface Player<Input, Info, S> {
  /** `index` is the number of the call, from 0. */
  next(input: Input, info: Info, index: number): S | Promise<S>;
}

export function createPlayer<Input, Info, S>(
  script: Script<Input, Info, S>,
  whenDone: WhenDone,
  where: string,
): Player<Input, Info, S> {
  if (typeof script === "function") return { next: (input, info) => script(input, info) };
  const steps = [...script];
  return {
    next(_input, _info, index) {
      const at =
        index < steps.length
          ? index
          : whenDone === "repeat"
            ? steps.length - 1
            : whenDone === "loop"
              ? index % steps.length
              : -1;
      const step = steps[at];
      if (step === undefined) throw scriptExhausted(where, steps.length);
      return step;
    },
  };
}

/** Ids no other call has: ToolNode skips a call whose id already has an answer, so a reused id silently loses the tool run. */
export function callIds(): () => string {
  const salt = crypto.randomUUID().slice(0, 8);
  let count = 0;
  return () => `call_${++count}_${salt}`;
}
