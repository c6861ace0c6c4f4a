// The logic itself, not its package's front: what a tool call pays for is the decision, without the parsing of a question
// that somebody asks by hand.
import { denialFor } from "../../../plugins/security/src/decide.js";
import { Grants, permissionOf, type ToolPermission } from "../../../plugins/security/src/grants.js";
import type { Group } from "../harness.js";

const USERS = 10_000;
const TOOLS = 10;
const QUESTIONS = 2_000;

// Equal lists share one place, as the plugin keeps them.
const METHODS = Object.freeze(["create", "read"]);
const grant = (userId: string, toolName: string, index: number): ToolPermission =>
  permissionOf({
    id: `g-${index}`,
    userId,
    service: null,
    role: null,
    tenantId: "acme",
    anyTenant: false,
    toolName,
    permissionLevel: "write",
    allowedMethods: index % 2 === 0 ? null : METHODS,
    rateLimit: [],
    notBefore: null,
    expiry: index % 3 === 0 ? null : 2_000,
    grantedBy: null,
    grantedAt: 0,
  });

const grants = new Grants();
const plain = new Map<string, Map<string, ToolPermission>>();
for (let user = 0; user < USERS; user++)
  for (let tool = 0; tool < TOOLS; tool++) {
    const one = grant(`user-${user}`, `tool_${tool}`, user * TOOLS + tool);
    grants.put(one);
    let tools = plain.get(`user-${user}`);
    if (tools === undefined) plain.set(`user-${user}`, (tools = new Map()));
    tools.set(one.toolName, one);
  }

/** Texts made anew, as they come out of a session and a model: none is the very text that the tables hold. */
const fresh = (text: string): string => Buffer.from(text).toString();
const questions = (userOf: (index: number) => number) =>
  Array.from({ length: QUESTIONS }, (_, index) => ({
    subject: {
      userId: fresh(`user-${userOf(index)}`),
      service: null,
      tenantId: fresh("acme"),
      roles: [],
      onBehalfOf: null,
    },
    toolName: fresh(`tool_${index % TOOLS}`),
    method: "read",
    required: "write" as const,
    now: 1_000,
  }));
// A step that meets every user: no two questions in a row are neighbours in memory.
const allowed = questions((index) => (index * 7_919) % USERS);
const denied = questions((index) => USERS + ((index * 7_919) % USERS));

function lookUp(): number {
  let found = 0;
  for (const { subject, toolName } of allowed) if (plain.get(subject.userId)?.get(toolName) !== undefined) found++;
  if (found !== QUESTIONS) throw new Error(`${found} of ${QUESTIONS} found`);
  return found;
}

function decideAll(asked: typeof allowed, expected: number): number {
  let passed = 0;
  for (const question of asked) if (denialFor(grants, question) === null) passed++;
  if (passed !== expected) throw new Error(`${passed} of ${QUESTIONS} allowed`);
  return passed;
}

/** A decision (tenant, user, tool, level, method, times) among 100,000 grants, beside two look-ups in plain Maps. */
export const decisions = (rounds: number): Group => ({
  title: `${QUESTIONS} decisions among ${(USERS * TOOLS).toLocaleString("en")} grants`,
  rounds,
  cases: [
    { name: "two Map look-ups each: user, tool", times: 10, run: lookUp },
    { name: "allowed", times: 10, run: () => decideAll(allowed, QUESTIONS) },
    { name: "denied, with its reason in words", times: 10, run: () => decideAll(denied, 0) },
  ],
  budgets: { allowed: 3 },
  limits: { allowed: 4 },
});
