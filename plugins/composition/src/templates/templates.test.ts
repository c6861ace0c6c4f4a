import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { ask, desks, echo, failure, texts } from "../fixtures/desk.js";

const desk = desks();
const search = scriptedTool("search", "3 articles");
const retriever = { invoke: async () => [{ pageContent: "shelf", metadata: {} }] };
/** Says what it was given: documents, tools. */
const llm = () =>
  scriptedModel((messages, { tools }) => ({
    say:
      [messages.some(({ text }) => text.includes("shelf")) && "documents", tools.length > 0 && "tools"]
        .filter(Boolean)
        .join("+") || "nothing",
  }));
const mine = { name: "mine", conditions: { x: 1 }, workflowConfigs: { x: {}, default: {} } } as const;

describe("built-in templates", () => {
  const told = (configurable: object, who: object = {}) => ({
    who: { userId: "a", conversationId: "c-1", ...who },
    configurable,
  });
  it.each<[string, ReturnType<typeof told>, string]>([
    ["customer_support", told({ query_complexity: 0.7 }), "documents+tools"],
    ["customer_support", told({ query_complexity: 0.2, query_type: "technical_support" }), "tools"],
    ["customer_support", told({ query_type: "billing" }), "nothing"],
    ["document_analysis", told({ document_type: "pdf" }), "documents"],
    ["document_analysis", told({ document_type: "pdf", has_images: true }), "documents+tools"],
    ["document_analysis", told({ document_type: "png", has_images: true }), "documents+tools"],
    ["document_analysis", told({ document_type: "exe" }), "nothing"],
    ["adaptive_support", told({}, { user_tier: "enterprise" }), "documents+tools"],
    ["adaptive_support", told({ query_complexity: 0.5 }, { user_tier: "free" }), "tools"],
    ["adaptive_support", told({ query_complexity: 0.4, user_tier: "enterprise" }, { user_tier: "free" }), "nothing"],
  ])("%s: %j gets %s", async (template, { who, configurable }, expected) => {
    const { stack, manager } = desk();
    const workflow = await manager.createWorkflowFromTemplate({ template, llm: llm(), tools: [search], retriever });
    const out = await workflow.invoke(ask("hi"), stack.as(who, { configurable }));
    expect(texts(out).at(-1)).toBe(expected);
  });

  it("need what their workflows need, and can be told otherwise", async () => {
    const { stack, manager } = desk();
    const error = await failure(manager.createWorkflowFromTemplate({ template: "document_analysis", llm: llm() }));
    expect(error).toMatchObject({ code: "COMPOSITION_INVALID" });
    expect(error.message).toContain("createWorkflowFromTemplate");
    expect(error.message).toMatch(/workflowConfigs\.full\.(retriever|tools)/);
    const overrides = { full: { mode: "plain" }, rag: { mode: "plain" } } as const;
    const workflow = await manager.createWorkflowFromTemplate({
      template: "document_analysis",
      name: "papers",
      llm: llm(),
      overrides,
    });
    const out = await workflow.invoke(
      ask("hi"),
      stack.as({ userId: "a", conversationId: "c" }, { configurable: { document_type: "pdf" } }),
    );
    expect([texts(out).at(-1), workflow.getName()]).toEqual(["nothing", "papers"]);
  });
});

describe("the registry", () => {
  it("lists, gets, registers and removes, newest versions first", () => {
    const { templates } = desk().manager;
    expect(templates.list().map(({ name }) => name)).toEqual([
      "adaptive_support",
      "customer_support",
      "document_analysis",
    ]);
    templates.register(mine);
    templates.register({ ...mine, version: "1.10.0", description: "newest" });
    templates.register({ ...mine, version: "1.9.0" });
    expect(templates.get("mine").version).toBe("1.10.0");
    expect(templates.get("mine", "1.9.0").version).toBe("1.9.0");
    expect(
      templates
        .list()
        .filter(({ name }) => name === "mine")
        .map(({ version }) => version),
    ).toEqual(["1.10.0", "1.9.0", "1.0.0"]);
    expect([templates.remove("mine", "1.10.0"), templates.remove("mine", "7.0.0")]).toEqual([true, false]);
    expect([templates.get("mine").version, templates.remove("mine"), templates.remove("mine")]).toEqual([
      "1.9.0",
      true,
      false,
    ]);
    expect(() => templates.get("mine")).toThrow(expect.objectContaining({ code: "TEMPLATE_UNKNOWN" }));
  });

  it("name what is wrong where nothing is told at all, and where there is nothing to explain", async () => {
    const { manager } = desk();
    for (const nothing of [undefined, null, "customer_support"])
      await expect(manager.createWorkflowFromTemplate(nothing as never)).rejects.toMatchObject({
        code: "COMPOSITION_INVALID",
      });
    for (const nothing of [undefined, "auto", {}])
      expect(() => manager.explain(nothing as never, {})).toThrow("explain() was given");
  });

  it("reject, and do not throw, where there is no such template", async () => {
    const made = desk().manager.createWorkflowFromTemplate({ template: "nope", llm: echo("x") });
    await expect(made).rejects.toMatchObject({ code: "TEMPLATE_UNKNOWN" });
  });

  it("replaces nothing silently, and keeps what it was given", () => {
    const { templates } = desk().manager;
    const conditions = { x: { in: [1] } };
    templates.register({ ...mine, conditions });
    expect(() => templates.register(mine)).toThrow(expect.objectContaining({ code: "TEMPLATE_DUPLICATE" }));
    expect(() => templates.register({ ...mine, name: "customer_support" })).toThrow(
      expect.objectContaining({ code: "TEMPLATE_DUPLICATE" }),
    );
    conditions.x.in.push(2);
    expect(templates.get("mine").conditions).toEqual({ x: { in: [1] } });
    expect(templates.register({ ...mine, description: "other", replace: true }).description).toBe("other");
  });

  it("is bounded", () => {
    const { templates } = desk({ limits: { maxTemplates: 4 } }).manager;
    templates.register(mine);
    templates.register({ ...mine, replace: true });
    expect(() => templates.register({ ...mine, name: "more" })).toThrow(
      expect.objectContaining({ code: "COMPOSITION_INVALID" }),
    );
    templates.remove("mine");
    templates.register({ ...mine, name: "more" });
  });

  it.each<[object | null, string]>([
    [null, "template"],
    [{ name: "" }, "name"],
    [{ version: "1" }, "version"],
    [{ whenever: 1 }, "whenever"],
    [{ workflowConfigs: { x: { llm: {} } } }, "workflowConfigs"],
    [{ workflowConfigs: null }, "workflowConfigs"],
    [{ conditions: { y: 1 } }, "conditions[0].use"],
    [{ conditions: { x: { in: [] } } }, "conditions.x.in"],
  ])("refuses %j", (change, path) => {
    const { templates } = desk().manager;
    expect(() => templates.register((change === null ? null : { ...mine, ...change }) as never)).toThrow(
      expect.objectContaining({
        code: "COMPOSITION_INVALID",
        details: { issues: expect.arrayContaining([expect.objectContaining({ path })]) },
      }),
    );
  });
});
