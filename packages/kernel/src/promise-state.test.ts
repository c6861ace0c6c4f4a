import { inspect } from "node:util";
import { expect, it } from "vitest";
import { isPending } from "./promise-state.js";

it("tells a promise that has not ended from one that has, whatever it holds", async () => {
  class Own extends Promise<unknown> {}
  const rejected = Promise.reject(new Error("<pending>"));
  rejected.catch(() => undefined);
  const hostile = {
    [Symbol.for("nodejs.util.inspect.custom")]: () => "{ <pending>",
  };
  const { colors, compact, breakLength } = inspect.defaultOptions;
  const ended = [
    Promise.resolve(1),
    Promise.resolve("<pending>"),
    Promise.resolve(hostile),
    Promise.resolve(["{ <pending>"]),
    Promise.resolve(new Proxy({}, {})),
    rejected,
    Own.resolve(),
  ];
  const open = [new Promise(() => undefined), new Own(() => undefined)];
  const tell = () => [...ended, ...open].map(isPending);
  const truth = [...ended.map(() => false), true, true];
  expect(tell()).toEqual(truth);
  Object.assign(inspect.defaultOptions, { colors: true, compact: false, breakLength: 1 });
  try {
    expect(tell()).toEqual(truth);
  } finally {
    Object.assign(inspect.defaultOptions, { colors, compact, breakLength });
  }
});
