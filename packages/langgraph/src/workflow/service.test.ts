import { definePlugin, hooks, type RunContext, type Workflow, Workflows } from "@graphtap/langgraph";
import { scriptedModel } from "@graphtap/testkit";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, it } from "vitest";
import { createStack } from "../stack.js";

let taken: Workflows | undefined;
const maker = definePlugin({
  name: "acme-maker",
  version: "1.0.0",
  identity: "none",
  requires: [Workflows],
  setup(api) {
    taken = api.get(Workflows);
  },
});
const service = (): Workflows => taken as Workflows;
const llm = () => scriptedModel(() => ({ say: "hello" }));
const ask = { messages: [{ role: "user", content: "hi" }] };

describe("Workflows", () => {
  it("is there without a plugin that provides it, and makes what the stack makes", async () => {
    const seen: string[] = [];
    const watcher = definePlugin({
      name: "acme-watcher",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.workflow.compile, (definition, next) => {
          seen.push(definition.name);
          return next();
        });
        api.tap(hooks.run.end, ({ workflow }) => void seen.push(`${workflow} ended`));
      },
    });
    await using stack = createStack({ plugins: [maker(), watcher()] });
    const workflow: Workflow = await service().createWorkflow({ name: "qa", llm: llm() });
    expect((await workflow.invoke(ask)).messages.at(-1)?.text).toBe("hello");
    expect(seen).toEqual(["qa", "qa ended"]);
    expect(service().wrap(workflow)).toBe(stack.wrap(workflow));
    expect(service().validate({})).toEqual(stack.validate({}));
  });

  it("tells the run that code is part of, and who runs it", async () => {
    await using stack = createStack({ plugins: [maker()] });
    const inside: (RunContext | null)[] = [];
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("look", () => {
          inside.push(service().currentRun());
          return {};
        })
        .addEdge(START, "look")
        .compile(),
    );
    await graph.invoke(ask, stack.as({ userId: "alice" }));
    expect(inside[0]).toMatchObject({ workflow: "LangGraph", principal: { userId: "alice" } });
    expect(service().currentRun()).toBeNull();
  });

  it("comes with a plugin that is added later, in its turn", async () => {
    taken = undefined;
    await using stack = createStack({ plugins: [] });
    expect(stack.find(Workflows)).toBeUndefined();
    await stack.use(maker());
    expect(await service().createWorkflow({ llm: llm() })).toBeDefined();
    await stack.remove("acme-maker");
    await stack.use(maker());
    expect(stack.inspect().plugins.map(({ id }) => id)).toEqual(["graphtap-workflows", "acme-maker"]);
  });

  it("reaches a plugin that could do without it", async () => {
    let found: Workflows | undefined;
    const modest = definePlugin({
      name: "acme-modest",
      version: "1.0.0",
      optional: [Workflows],
      setup(api) {
        found = api.find(Workflows);
      },
    });
    await using stack = createStack({ plugins: [modest()] });
    await stack.ready();
    expect(found).toBeDefined();
  });
});
