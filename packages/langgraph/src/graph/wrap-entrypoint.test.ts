import { entrypoint, MemorySaver, task } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack } from "../stack.js";

describe("wrapping an entrypoint", () => {
  it("neither validates it without nodes nor writes into the host's trigger table", async () => {
    const double = task("double", async (n: number) => n * 2);
    const flow = entrypoint(
      { name: "flow", checkpointer: new MemorySaver() },
      async (n: number) => (await double(n)) + 1,
    );
    const before = JSON.stringify((flow as unknown as { triggerToNodes: unknown }).triggerToNodes);

    const wrapped = createStack({ plugins: [] }).wrap(flow);

    expect(JSON.stringify((flow as unknown as { triggerToNodes: unknown }).triggerToNodes)).toBe(before);

    const config = { configurable: { thread_id: "t" } };
    expect(await wrapped.invoke(20, config)).toBe(41);
    expect(await wrapped.withConfig({ tags: ["x"] }).invoke(1, config)).toBe(3);
    expect((wrapped as unknown as { autoValidate: boolean }).autoValidate).toBe(true);
  });
});
