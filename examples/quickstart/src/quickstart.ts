import { isDenied, metrics, security } from "graphtap";
import { type Assistant, createAssistant } from "./assistant.js";
import type { Provider } from "./provider.js";
import type { Screen } from "./screen.js";

const QUESTIONS = ["Where is my order A-17?", "Then pay it back, please."] as const;

/** One user's conversation, streamed to the screen. */
async function converse({ stack, assistant }: Assistant, screen: Screen, userId: string): Promise<void> {
  for (const question of QUESTIONS) {
    screen.note(userId, `> ${question}`);
    const run = stack.as({ userId, conversationId: `${userId}-1` }, { streamMode: "messages" });
    for await (const [message] of await assistant.stream({ messages: [{ role: "user", content: question }] }, run)) {
      if (message.type === "tool")
        screen.note(userId, isDenied(message) ? `${message.name}: denied` : `${message.name}: done`);
      else screen.say(userId, message.text);
    }
    screen.done(userId);
  }
}

/** Two users at once on one assistant; then what the plugins saw. */
export async function quickstart(provider: Provider, screen: Screen): Promise<void> {
  const made = await createAssistant(provider.llm);
  const { stack } = made;
  try {
    const permissions = stack.get(security);
    for (const userId of ["alice", "bob"])
      permissions.grantToolPermission({ userId, toolName: "lookup_order", permissionLevel: "read" });
    permissions.grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" });

    screen.print(`Talking to ${provider.label}.`);
    screen.title("Two users, one graph, at the same time");
    await Promise.all(["alice", "bob"].map((userId) => converse(made, screen, userId)));

    screen.title("What it used");
    screen.print(String(stack.get(metrics).report({ hours: 24 })));
    screen.title("Who was denied, and why");
    for (const entry of await permissions.getAuditLog({ decision: "denied" }))
      screen.print(`${entry.userId}  ${entry.tool}  ${entry.code}\n       ${entry.reason}`);
    screen.title("The stack");
    screen.print(stack.inspect().toTree());
  } finally {
    await stack.dispose();
    await provider.close();
  }
}
