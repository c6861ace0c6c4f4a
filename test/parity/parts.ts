import type { Step } from "@graphtap/testkit";
import type { BaseMessage } from "@langchain/core/messages";
import { afterEach } from "vitest";

/** The time of every test here: a moment whose hours count. */
export const START = "2026-03-01T12:00:00Z";
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** What a user says. */
export const ask = (content: string) => ({ messages: [{ role: "user", content }] });

/** Calls these tools once per question, all at once, then says what came back. */
export const calling =
  (...names: readonly string[]) =>
  (messages: readonly BaseMessage[]): Step =>
    messages.at(-1)?.type === "human"
      ? { calls: names.map((name) => ({ name, args: { path: "/safe/path" } })) }
      : { say: `Result: ${messages.at(-1)?.text}` };

/** A retriever that finds these texts, whatever the question. */
export const shelf = (...texts: readonly string[]) => ({
  invoke: async (_question: string) => texts.map((pageContent) => ({ pageContent, metadata: { source: "shelf" } })),
});

/** The error of what must fail. */
export const failure = async (promise: Promise<unknown>): Promise<Error & { readonly code?: string }> =>
  promise.then(
    (value) => Promise.reject(new Error(`did not fail, gave ${JSON.stringify(value)}`)),
    (error: unknown) => error as Error,
  );

/** Disposes of stacks after each test of the file that calls this. */
export function keeper() {
  const open: { dispose(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const stack of open.splice(0)) await stack.dispose();
  });
  return <S extends { dispose(): Promise<void> }>(stack: S): S => {
    open.push(stack);
    return stack;
  };
}
