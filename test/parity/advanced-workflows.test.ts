import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { composition, createStack, hooks, metrics, NoMatchError } from "graphtap";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ask, calling, failure, keeper, shelf } from "./parts.js";

const keep = keeper();
const desk = () => {
  const stack = keep(
    createStack({
      name: "desk",
      facts: z.object({ user_tier: z.string().optional() }),
      plugins: [metrics(), composition()],
    }),
  );
  return { stack, advancedWorkflowManager: stack.get(composition) };
};
const said = (state: { readonly messages: readonly { readonly text: string }[] }) => state.messages.at(-1)?.text;
const speaking = (name: string) => ({ mode: "plain", llm: scriptedModel(() => ({ say: name })) }) as const;

/** The document's conditions, word for word. */
const conditions = {
  user_tier: { in: ["premium", "enterprise"] },
  query_complexity: { min: 0.7, max: 1.0 },
};
const workflowConfigs = {
  user_tier: { mode: "full", enableMemory: true },
  query_complexity: { mode: "tools", enableMemory: true },
} as const;

describe("TestAdvancedWorkflows", () => {
  it("runs the document's usage example: a conditional workflow", async () => {
    const { stack, advancedWorkflowManager } = desk();
    const search = scriptedTool("search", "3 articles");
    const workflow = await advancedWorkflowManager.createConditionalWorkflow({
      llm: scriptedModel(calling("search")),
      tools: [search],
      retriever: shelf("from the shelf"),
      conditions,
      workflowConfigs,
      context: { user_tier: "premium", query_complexity: 0.8 },
    });
    const out = await workflow.invoke(ask("hi"), stack.as({ userId: "user123", conversationId: "conv456" }));
    expect(said(out)).toBe("Result: 3 articles");
    // Mode full: it retrieved before it answered.
    expect(out.context).toMatchObject([{ pageContent: "from the shelf" }]);
    expect(search.callCount).toBe(1);
    expect(stack.get(metrics).getWorkflowStats({ hours: 24 })).toMatchObject({ totalExecutions: 1, successRate: 1 });
  });

  it("runs the document's usage example: a composite of three", async () => {
    const { stack, advancedWorkflowManager } = desk();
    const [workflow1, workflow2, workflow3] = await Promise.all(
      ["one", "two", "three"].map((name) => stack.createWorkflow(speaking(name))),
    );
    const compositeConfig = await advancedWorkflowManager.createCompositeWorkflow({
      workflows: [workflow1!, workflow2!, workflow3!],
      executionStrategy: "sequential",
    });
    const { results, state } = await advancedWorkflowManager.executeCompositeWorkflow(
      compositeConfig,
      ask("hi"),
      stack.as({ userId: "user123" }),
    );
    expect(results.map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
    expect((state as { messages: { text: string }[] }).messages.map(({ text }) => text)).toEqual([
      "hi",
      "one",
      "two",
      "three",
    ]);
    expect(stack.get(metrics).getWorkflowStats({ hours: 24 }).totalExecutions).toBe(1);
  });

  it.each([
    [{ user_tier: "premium", query_complexity: 0.1 }, "user_tier"],
    [{ user_tier: "free", query_complexity: 0.7 }, "query_complexity"],
    [{ user_tier: "free", query_complexity: 1.0 }, "query_complexity"],
    [{ user_tier: "free", query_complexity: 0.69 }, null],
    [{}, null],
  ])("evaluates range, list and no match: %j is %s", (context, use) => {
    const { choice } = desk().advancedWorkflowManager.explain({ conditions }, context);
    expect(choice.use).toBe(use);
  });

  it("evaluates equality, and the first that holds wins", () => {
    const { advancedWorkflowManager } = desk();
    const asked = { conditions: { query_type: "technical_support", ...conditions } };
    const context = { query_type: "technical_support", user_tier: "premium" };
    expect(advancedWorkflowManager.explain(asked, context).choice.rule).toBe("query_type");
  });

  it("chooses per run, from who runs it", async () => {
    const { stack, advancedWorkflowManager } = desk();
    const workflow = await advancedWorkflowManager.createConditionalWorkflow({
      conditions,
      workflowConfigs: { user_tier: speaking("full"), query_complexity: speaking("tools"), default: speaking("plain") },
      untrusted: ["query_complexity"],
    });
    const run = async (user_tier: string, query_complexity: number) =>
      said(
        await workflow.invoke(ask("hi"), stack.as({ userId: "u", user_tier }, { configurable: { query_complexity } })),
      );
    expect(await run("premium", 0.1)).toBe("full");
    expect(await run("free", 0.9)).toBe("tools");
    expect(await run("free", 0.1)).toBe("plain");
  });

  it("runs members side by side", async () => {
    const { stack, advancedWorkflowManager } = desk();
    let meet = () => {};
    const met = new Promise<void>((resolve) => (meet = resolve));
    let waiting = 0;
    const both = async () => {
      if (++waiting === 2) meet();
      await met;
      return "met";
    };
    const workflows = ["a", "b"].map(
      (name) => ({ mode: "tools", llm: scriptedModel(calling(name)), tools: [scriptedTool(name, both)] }) as const,
    );
    const composite = await advancedWorkflowManager.createCompositeWorkflow({
      workflows,
      executionStrategy: "parallel",
    });
    const { results } = await advancedWorkflowManager.executeCompositeWorkflow(
      composite,
      ask("hi"),
      stack.as({ userId: "u" }),
    );
    expect(results.map(({ status }) => status)).toEqual(["ok", "ok"]);
  });

  it("has the document's templates", async () => {
    const { stack, advancedWorkflowManager } = desk();
    expect(advancedWorkflowManager.templates.list().map(({ name }) => name)).toEqual([
      "adaptive_support",
      "customer_support",
      "document_analysis",
    ]);
    const workflow = await advancedWorkflowManager.createWorkflowFromTemplate({
      template: "adaptive_support",
      llm: scriptedModel(() => ({ say: "ok" })),
      tools: [scriptedTool("search", "x")],
      retriever: shelf("from the shelf"),
      context: { query_complexity: 0.9 },
    });
    const run = (user_tier: string) =>
      workflow.invoke(ask("hi"), stack.as({ userId: "u", user_tier, conversationId: user_tier }));
    expect((await run("enterprise")).context).toHaveLength(1);
    expect((await run("free")).context).toEqual([]);
  });

  it("says for each rule why it does not hold", async () => {
    const { stack, advancedWorkflowManager } = desk();
    const workflow = await advancedWorkflowManager.createConditionalWorkflow({
      conditions,
      workflowConfigs: { user_tier: speaking("full"), query_complexity: speaking("tools") },
    });
    const error = await failure(workflow.invoke(ask("hi"), stack.as({ userId: "u", user_tier: "free" })));
    expect(NoMatchError.isNoMatch(error)).toBe(true);
    expect(error.message).toMatch(/user_tier.*no, it is "free"[\s\S]*query_complexity.*it is missing/);
  });

  it("shows what was chosen on the system's dashboard", async () => {
    const { stack, advancedWorkflowManager } = desk();
    const workflow = await advancedWorkflowManager.createConditionalWorkflow({
      name: "auto",
      conditions,
      workflowConfigs: { user_tier: speaking("full"), query_complexity: speaking("tools") },
    });
    await workflow.invoke(ask("hi"), stack.as({ userId: "u", user_tier: "premium" }));
    const panels = await stack.call(hooks.dashboard.collect, { kind: "system" });
    const panel = panels.find(({ plugin }) => plugin === "composition");
    expect(panel).toMatchObject({
      value: { data: { selections: [{ workflow: "auto", rule: "user_tier", count: 1 }] } },
    });
  });
});
