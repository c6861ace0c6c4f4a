import { expect, it } from "vitest";
import { runDesk } from "./desk.js";
import { openProvider } from "./provider.js";
import { EnhancedWorkflowService } from "./service.js";
import { Terminal } from "./terminal.js";

it("shows rights, a limit, a hidden secret, caches, compression, choices and both dashboards", async () => {
  let screen = "";
  await runDesk(await openProvider({}), new Terminal((text) => (screen += text), false));

  expect(screen).toContain('rule "premium" chose "full"');
  expect(screen).toContain('no rule held, so it was "default"');
  expect(screen).toContain('From "Returning an order": You can return an order within 30 days');
  expect(screen).toContain("denied: PERMISSION_NOT_GRANTED");
  expect(screen).toContain("Paid back 42 EUR for order A-17.");
  expect(screen).toContain("denied: RATE_LIMIT_EXCEEDED");
  expect(screen).toContain("AWS_ACCESS_KEY_ID=[hidden:aws-key]");
  expect(screen).not.toContain("AKIAIOSFODNN7EXAMPLE");
  expect(screen).toContain('I have read: "My key is [hidden:openai-key], is it right?"');
  expect(screen).toContain("made three times: 1 compiled, 2 from the cache");
  expect(screen).toContain("lazy tool web_search: loaded at its first call");
  expect(screen).toMatch(/26 messages in the thread; compressed [1-9]/);
  expect(screen).toContain("Incident: checkout fails");
  expect(screen).toContain("40 of 40 ended well");
  expect(screen).toMatch(/User carol/);
  expect(screen).toMatch(/System health {2}1\.00 ok/);
  expect(screen).toMatch(/Executions of carol: 5, health score: 1\.00/);
  const carol = screen.slice(screen.indexOf("User carol"), screen.indexOf("What the operator is shown"));
  expect(carol).not.toMatch(/alice|bob|user-\d/);
});

it("gives a result whoever asks, also for somebody who is none", async () => {
  const provider = await openProvider({});
  const service = await EnhancedWorkflowService.open(provider.llm);
  try {
    const plain = await service.createEnhancedWorkflow({ workflowType: "plain" });
    const state = { messages: [{ role: "user", content: "hi" }] };
    for (const who of [{ userId: "" }, { userId: "bob", userTier: "gold" as never }]) {
      const result = await service.executeWorkflowSafely(plain, state, who);
      expect(result).toMatchObject({ ok: false, state: null });
      expect(result.code).toMatch(/^[A-Z_]+$/);
    }
  } finally {
    await service.close();
    await provider.close();
  }
});
