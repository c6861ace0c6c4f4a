// What a user's first files import and write, as the documents show it. Compiled, never run.
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import {
  allow,
  createStack,
  type CliCommand,
  defineHook,
  definePlugin,
  defineService,
  deny,
  DeniedError,
  development,
  errorCatalog,
  escalate,
  fromLangGraphServer,
  GraphTapError,
  hooks,
  isDenied,
  consoleLogger,
  Metrics,
  metrics,
  observeOnly,
  override,
  PermissionLevel,
  Security,
  security,
  type Stack,
  transform,
  type WorkflowMetricsCollector,
  type WorkflowSecurityManager,
} from "graphtap";
import { isDenied as isDeniedInBrowser } from "graphtap/is-denied";
import { z } from "zod";

const graph = new StateGraph(MessagesAnnotation)
  .addNode("agent", () => ({ messages: [] }))
  .addEdge(START, "agent")
  .compile();

// --- first minutes
const stack = createStack({
  name: "support",
  plugins: [metrics(), security({ tools: { search: { level: "read" }, refund: { level: "write" } } })],
});
const support: typeof graph = stack.wrap(graph);
stack.get(security).grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });
const ask = (content: string) => ({ messages: [{ role: "user", content }] });
export async function firstMinutes(): Promise<string | undefined> {
  const [a, b] = await Promise.all([
    support.invoke(ask("refund"), stack.as({ userId: "alice", conversationId: "c-1" })),
    support.invoke(ask("refund"), stack.as({ userId: "bob", conversationId: "c-2" })),
  ]);
  const refused: number = b.messages.filter(isDenied).length + b.messages.filter(isDeniedInBrowser).length;
  console.log(refused, stack.get(metrics).report({ hours: 24 }));
  for (const e of await stack.get(security).getAuditLog({ userId: "bob", hours: 24 }))
    console.log(e.tool, e.decision, e.code, e.reason);
  for await (const [mode, chunk] of await support.stream(
    ask("hi"),
    stack.as({ userId: "alice" }, { streamMode: ["values", "messages"] }),
  )) {
    if (mode === "messages") process.stdout.write(chunk[0].text);
    else console.log(chunk.messages.length);
  }
  await stack.dispose();
  return a.messages.at(-1)?.text;
}

// --- keys and factories give the same services
const byFactory: WorkflowMetricsCollector = stack.get(metrics);
const byKey: WorkflowMetricsCollector = stack.get(Metrics);
const manager: WorkflowSecurityManager = stack.get(Security);

// --- a plugin
const Note = defineService<{ text: string }>()("acme.note");
export const quietHours = definePlugin({
  name: "acme-quiet-hours",
  version: "1.0.0",
  options: z.object({
    from: z.number().int().min(0).max(23),
    to: z.number().int().min(0).max(23),
    tools: z.array(z.string()).min(1),
  }),
  requires: [Metrics],
  setup(api, { from, to, tools }) {
    api.tap(hooks.tool.authorize, (call) => {
      if (!tools.includes(call.name)) return;
      const hour = new Date(api.clock.now()).getUTCHours();
      if (from < to ? hour >= from && hour < to : hour >= from || hour < to)
        return deny("QUIET_HOURS", `"${call.name}" is closed.`);
    });
    api.tap(hooks.tool.denied, (d, run) => {
      if (d.code === "QUIET_HOURS") api.log.info(`${d.name} refused for ${run.principal?.userId}`);
    });
    const command: CliCommand = {
      name: "quiet",
      summary: "when it is quiet",
      run: (_args, io) => (io.out("at night"), 0),
    };
    api.tap(hooks.stack.commands, () => [command]);
    api.get(Metrics);
  },
});
const night = quietHours({ from: 22, to: 6, tools: ["refund"] });
createStack({ plugins: [metrics(), night] });
// @ts-expect-error nothing provides what it requires
createStack({ plugins: [night] });
// @ts-expect-error an option is missing
quietHours({ from: 22, to: 6 });

// --- a hook of the application
export interface Ticket {
  id: string;
  priority: "low" | "high";
  text: string;
}
export const ticketTriage = defineHook.waterfall<Ticket>("acme.ticket.triage");
const desk = createStack({ name: "desk", hooks: [ticketTriage], plugins: [] });
export const triaged = async (): Promise<Ticket> =>
  desk.call(ticketTriage, { id: "1", priority: "low", text: "outage in EU" });

// --- presets keep the types of what they hold
createStack({
  plugins: [
    ...development({ security: { defaultLevel: "read" } }),
    night,
    override(security({ tools: {} })),
    process.env["QUIET"] === "1" && night,
  ],
});
createStack({ plugins: [...observeOnly(), night] }).get(Metrics);
// @ts-expect-error no such option
development({ security: { tool: {} } });
// @ts-expect-error it has no security
observeOnly({ security: {} });

// --- facts, a server's identities, a logger
const typed = createStack({
  facts: z.object({ tier: z.enum(["free", "premium"]) }),
  plugins: [metrics()],
  logger: consoleLogger({ level: "info" }),
  identity: fromLangGraphServer({ map: (u) => ({ userId: u.identity, tier: "free" }) }),
});
typed.as({ userId: "alice", tier: "premium" });
// What the server's user has no types for is checked at run time, so it needs no cast here.
createStack({
  plugins: [],
  identity: fromLangGraphServer({ map: (u) => ({ userId: u.identity, tenantId: u["org_id"], roles: u.permissions }) }),
});
// @ts-expect-error a resolver says who
fromLangGraphServer({ map: (u) => ({ roles: u.permissions }) });
// @ts-expect-error a fact is missing
typed.as({ userId: "alice" });
// @ts-expect-error no such level
consoleLogger({ level: "loud" });

export const surface: readonly unknown[] = [
  allow,
  escalate,
  transform,
  DeniedError.isDenied,
  GraphTapError.isInstance,
  PermissionLevel,
  Note,
  byFactory,
  byKey,
  manager,
  errorCatalog.STACK_NOT_FOUND,
];
export type { Stack };
