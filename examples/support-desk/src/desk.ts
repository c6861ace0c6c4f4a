import { content, dashboard, metrics, perf } from "graphtap";
import type { Provider } from "./provider.js";
import { EnhancedWorkflowService, type Runnable, type Runner, type SafeResult } from "./service.js";
import type { Terminal } from "./terminal.js";

const SCENES = 8;
const ALICE: Runner = { userId: "alice", conversationId: "alice-1", userTier: "premium" };
const BOB: Runner = { userId: "bob", conversationId: "bob-1", userTier: "free" };
const CAROL: Runner = {
  userId: "carol",
  conversationId: "carol-1",
  userTier: "enterprise",
  roles: ["customer", "agent"],
};
const ask = (text: string, more: object = {}): object => ({ messages: [{ role: "user", content: text }], ...more });

/** A day at the desk, in a few seconds: everybody at work, then what the plugins saw. */
export async function runDesk(provider: Provider, terminal: Terminal): Promise<void> {
  const service = await EnhancedWorkflowService.open(provider.llm);
  try {
    terminal.line(`The support desk talks to ${provider.label}.`);
    const desk = new Day(service, terminal);
    await desk.chosenByTier();
    await desk.rights();
    await desk.limit();
    await desk.secrets();
    await desk.cache();
    await desk.longConversation();
    await desk.incident();
    await desk.rushHour();
    await showDashboards(service, terminal);
  } finally {
    await service.close();
    await provider.close();
  }
}

class Day {
  constructor(
    readonly service: EnhancedWorkflowService,
    readonly terminal: Terminal,
  ) {}

  async #turn(workflow: Runnable, who: Runner, text: string, more: object = {}): Promise<SafeResult> {
    this.terminal.says(who.userId, text);
    const result = await this.service.executeWorkflowSafely(workflow, ask(text, more), who);
    for (const [at, line] of result.text.split("\n").entries())
      this.terminal.says(at === 0 ? "desk" : "", line, "green");
    for (const text of this.service.notes.takeChosen()) this.terminal.note(text);
    for (const code of result.denied) this.terminal.note(`denied: ${code}`, "red");
    if (result.code !== null) this.terminal.note(`refused: ${result.code}`, "red");
    return result;
  }

  async chosenByTier(): Promise<void> {
    this.terminal.scene("A conditional workflow: what runs depends on who asks, and what", SCENES);
    const auto = await this.service.createEnhancedWorkflow({ workflowType: "auto" });
    const question = "How long do I have for returning an order?";
    await this.#turn(auto, ALICE, question);
    await this.#turn(auto, BOB, question);
    await this.#turn(auto, BOB, "Is there a strike of the carriers?", { query_complexity: 0.8 });
  }

  async rights(): Promise<void> {
    this.terminal.scene("Rights: by role, by method, by date", SCENES);
    const tools = await this.service.createEnhancedWorkflow({ workflowType: "tools" });
    await this.#turn(tools, BOB, "Please refund A-17.");
    await this.#turn(tools, CAROL, "Please refund A-17.");
    await this.#turn(tools, CAROL, "Read handover.txt to me.");
    await this.#turn(tools, CAROL, "Then delete handover.txt.");
  }

  async limit(): Promise<void> {
    this.terminal.scene("A limit: three sums an hour for each customer", SCENES);
    const tools = await this.service.createEnhancedWorkflow({ workflowType: "tools" });
    for (const sum of ["42 - 4.90", "17.5 + 12.90", "329 / 2", "1 + 1"])
      await this.#turn(tools, ALICE, `What is ${sum}?`);
  }

  async secrets(): Promise<void> {
    this.terminal.scene("Secrets: what must not be read stays unread, in both directions", SCENES);
    const [plain, tools] = [
      await this.service.createEnhancedWorkflow({ workflowType: "plain" }),
      await this.service.createEnhancedWorkflow({ workflowType: "tools" }),
    ];
    await this.#turn(plain, BOB, "My key is sk-proj-4f9Qw7Lm2Zx8Rt6Yp1Vb3Nc5Kd0Hs7Jg, is it right?");
    await this.#turn(tools, CAROL, "Read deploy.env to me.");
    for (const { detector, place, action, count } of this.service.stack.get(content).stats().triggers)
      this.terminal.note(`${detector} in ${place}: ${action} (${count})`);
  }

  async cache(): Promise<void> {
    this.terminal.scene("Caches: the same parts are the same workflow, tools load when they are needed", SCENES);
    const { workflows, tools } = this.service.stack.get(perf);
    const before = workflows.stats();
    for (let time = 0; time < 3; time++) await this.service.createEnhancedWorkflow({ workflowType: "full" });
    const { hits, misses } = workflows.stats();
    this.terminal.note(`made three times: ${misses - before.misses} compiled, ${hits - before.hits} from the cache`);
    for (const { name, loaded, calls } of tools.stats().tools)
      this.terminal.note(
        `lazy tool ${name}: ${loaded ? `loaded at its first call (calls: ${calls})` : "not needed yet"}`,
      );
  }

  async longConversation(): Promise<void> {
    this.terminal.scene("A long conversation: the model sees what fits, the thread keeps everything", SCENES);
    const full = await this.service.createEnhancedWorkflow({ workflowType: "full" });
    const who = { ...ALICE, conversationId: "alice-long" };
    for (let turn = 1; turn <= 12; turn++) {
      const text = `Note ${turn}: ${"the parcel was scanned once more, and nothing else has changed since. ".repeat(4)}`;
      await this.service.executeWorkflowSafely(full, ask(text), who);
    }
    const { state } = await this.#turn(full, who, "What about the warranty of my device?");
    const kept = (state?.["messages"] as readonly unknown[] | undefined)?.length ?? 0;
    const figures = this.service.stack.get(perf).compressor?.stats();
    this.terminal.note(
      `${kept} messages in the thread; compressed ${figures?.compressed ?? 0} times, ${figures?.tokensBefore ?? 0} tokens became ${figures?.tokensAfter ?? 0}`,
    );
  }

  async incident(): Promise<void> {
    this.terminal.scene("A composite workflow: two side by side, then one on their work", SCENES);
    const report = await this.service.createEnhancedWorkflow({ workflowType: "incident" });
    await this.#turn(
      report,
      { ...CAROL, conversationId: "incident-1" },
      "Checkout is down, I cannot pay and I am furious!",
    );
  }

  async rushHour(): Promise<void> {
    this.terminal.scene("Rush hour: forty runs of twenty users at once", SCENES);
    const auto = await this.service.createEnhancedWorkflow({ workflowType: "auto" });
    const questions = ["Where is A-17?", "What does delivery cost?", "How do I get an invoice?"];
    const runs = Array.from({ length: 40 }, (_, at) =>
      this.service.executeWorkflowSafely(auto, ask(questions[at % questions.length] ?? "", { query_complexity: 0.6 }), {
        userId: `user-${at % 20}`,
        conversationId: `rush-${at}`,
        userTier: at % 4 === 0 ? "premium" : "free",
      }),
    );
    const results = await Promise.all(runs);
    this.service.notes.takeChosen();
    this.terminal.note(`${results.filter(({ ok }) => ok).length} of ${results.length} ended well`);
  }
}

async function showDashboards(service: EnhancedWorkflowService, terminal: Terminal): Promise<void> {
  const collector = service.stack.get(metrics);
  for (const [at, runId] of service.notes.runs.entries()) collector.rate(runId, at % 7 === 0 ? 0.4 : 0.9);
  const board = service.stack.get(dashboard);
  const options = { width: terminal.width, color: terminal.color, rows: 6 };
  const user = await service.getUserDashboard("carol", ["customer", "agent"]);
  const health = await service.getSystemHealth();
  terminal.block(`\n${terminal.paint("bold", "What carol is shown")}\n`);
  terminal.block(board.render(user, options));
  terminal.block(terminal.paint("bold", "What the operator is shown\n"));
  terminal.block(board.render(health, options));
  terminal.block(
    terminal.paint(
      "dim",
      `Executions of carol: ${String(user.workflowMetrics?.["totalExecutions"])}, health score: ${health.healthScore?.toFixed(2) ?? "unknown"}`,
    ),
  );
}
