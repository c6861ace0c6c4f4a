import type { Core } from "../core.js";
import type { Frame } from "../run/scope.js";

/** A generator runs in the context of whoever pulls it: each pull re-enters the frame. */
export function inFrame<T>(core: Core, frame: Frame, inner: AsyncGenerator<T>): AsyncGenerator<T> {
  const pull = (step: "next" | "return" | "throw") => (value?: unknown) =>
    core.frames.run(frame, () => inner[step](value as never));
  const outer = {
    next: pull("next"),
    return: pull("return"),
    throw: pull("throw"),
    [Symbol.asyncIterator]: () => outer,
  };
  return outer as unknown as AsyncGenerator<T>;
}
