import { openAIServer } from "@graphtap/testkit";
import { ChatOpenAI } from "@langchain/openai";
import { security } from "graphtap";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EnhancedWorkflowService } from "../../examples/support-desk/src/service.js";

/** The document's quick start, over the support desk. */
describe("TestGettingStarted", () => {
  let server: Awaited<ReturnType<typeof openAIServer>>;
  let service: EnhancedWorkflowService;
  beforeAll(async () => {
    server = await openAIServer({
      script: ({ messages, tools }) =>
        messages.at(-1)?.role === "user" && tools.includes("calculator")
          ? { call: { name: "calculator", args: { expression: "6 * 7" } } }
          : { say: "It is 42." },
    });
    const llm = new ChatOpenAI({
      model: "gpt-4",
      apiKey: "none",
      maxRetries: 0,
      configuration: { baseURL: server.url },
    });
    service = await EnhancedWorkflowService.open(llm);
  });
  afterAll(async () => {
    await service.close();
    await server.close();
  });

  it("grants, creates by conditions, executes with monitoring, and shows the dashboards", async () => {
    const permissions = service.stack.get(security);
    permissions.grantToolPermission({
      userId: "demo_user",
      toolName: "calculator",
      permissionLevel: "read",
      rateLimit: 10,
    });

    const workflow = await service.createEnhancedWorkflow({ workflowType: "auto", context: { user_tier: "premium" } });
    const initialState = { messages: [{ role: "user", content: "What is six times seven?" }] };
    const result = await service.executeWorkflowSafely(workflow, initialState, {
      userId: "demo_user",
      conversationId: "conv123",
      roles: [],
    });
    expect(result).toMatchObject({ ok: true, text: "It is 42.", denied: [] });
    expect(service.notes.takeChosen()).toEqual(['adaptive_support: rule "premium" chose "full"']);

    const dashboard = await service.getUserDashboard("demo_user", []);
    expect(dashboard.workflowMetrics?.["totalExecutions"]).toBe(1);
    expect(dashboard.permissions?.["permissions"]).toMatchObject([{ toolName: "calculator", calls: 1, callsLeft: 9 }]);
    const { healthScore } = await service.getSystemHealth();
    expect(healthScore?.toFixed(2)).toBe("1.00");
  });

  it("gives a code and a text that can be shown, whatever goes wrong", async () => {
    const workflow = await service.createEnhancedWorkflow({ workflowType: "tools" });
    const refused = await service.executeWorkflowSafely(
      workflow,
      { messages: 7 },
      { userId: "demo_user", conversationId: "c" },
    );
    expect(refused).toMatchObject({ ok: false, state: null });
    expect(refused.text).not.toMatch(/at |Error/);
  });
});
