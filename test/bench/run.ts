/**
 * What the hooks cost, as ratios of CPU time measured in one run and interleaved. Exits with 1 when a limit is exceeded
 * beyond doubt (its whole 95 % interval lies above it); budgets that are missed are said. `--quick` takes fewer rounds.
 */
import { clientRuns } from "./cases/client.js";
import { decisions } from "./cases/decisions.js";
import { agentRuns, idleRuns, reactRuns } from "./cases/graphs.js";
import { workflowCache } from "./cases/workflow-cache.js";
import { bytesPerCall, loops, onions } from "./cases/dispatch.js";
import { systemRuns } from "./cases/system.js";
import { exceeded, type Group, measure, table } from "./harness.js";

const quick = process.argv.includes("--quick");
const rounds = quick ? 9 : 41;
/** Runs of each graph before it is measured: with a dozen, what is ours still looks dearer than it is. */
const warmup = quick ? 150 : 500;
const client = await clientRuns(quick ? 5 : 31, quick ? 20 : 100);

const groups: readonly Group[] = [
  // First, before any graph has run: from then on LangGraph's async context makes every promise of the process dearer.
  {
    title: "A stream of 500 chunks",
    rounds,
    cases: [
      { name: "bare for await", times: 40, run: loops.bare },
      { name: "five synchronous taps per chunk", times: 40, run: loops.tapped },
    ],
    budgets: { "five synchronous taps per chunk": 1.6 },
  },
  {
    title: "An onion of five async layers",
    rounds,
    cases: [
      { name: "composed by hand", times: 20_000, run: onions.byHand },
      { name: "around hook", times: 20_000, run: onions.hook },
    ],
    budgets: { "around hook": 1.5 },
    limits: { "around hook": 1.8 },
  },
  decisions(rounds),
  {
    title: "A graph of two idle nodes, one invoke",
    rounds,
    warmup: 600,
    cases: [
      { name: "bare LangGraph", times: 40, run: idleRuns.bare },
      { name: "bare LangGraph again", times: 40, run: idleRuns.again },
      { name: "empty stack", times: 40, run: idleRuns.empty },
    ],
    budgets: { "empty stack": 1.02 },
    limits: { "empty stack": 1.02 },
  },
  {
    title: "A ReAct run with ten tool calls, scripted model",
    rounds,
    warmup,
    cases: [
      { name: "bare LangGraph", times: 6, run: reactRuns.bare },
      { name: "bare LangGraph again", times: 6, run: reactRuns.again },
      { name: "empty stack", times: 6, run: reactRuns.empty },
      { name: "node and tool hooks", times: 6, run: reactRuns.nodeTool },
      { name: "a guard, runs, tools and models observed", times: 6, run: reactRuns.guard },
      { name: "one LangChain callback handler", times: 6, run: reactRuns.callbacks },
    ],
    budgets: { "empty stack": 1.02, "node and tool hooks": 1.05 },
    limits: { "empty stack": 0.95, "node and tool hooks": 1.05, "a guard, runs, tools and models observed": 1.2 },
  },
  client.group,
  {
    title: "createAgent, ten tool calls, scripted model",
    rounds: quick ? 5 : 21,
    warmup: quick ? 12 : 100,
    cases: [
      { name: "createAgent", times: 4, run: agentRuns.bare },
      { name: "stack.wrap(agent), node and tool hooks", times: 4, run: agentRuns.wrapped },
      { name: "one wrapModelCall + wrapToolCall middleware", times: 4, run: agentRuns.wrapOnly },
      { name: "one beforeModel + afterModel middleware", times: 4, run: agentRuns.beforeAfter },
      { name: "five beforeModel + afterModel middlewares", times: 4, run: agentRuns.beforeAfter5 },
    ],
    budgets: {},
  },
  {
    title: "All seven plugins, ten tool calls, scripted model",
    rounds,
    warmup,
    cases: [
      { name: "bare LangGraph", times: 4, run: systemRuns.bare },
      { name: "all seven plugins", times: 4, run: systemRuns.all },
    ],
    budgets: { "all seven plugins": 1.08 },
    limits: { "all seven plugins": 1.6 },
  },
  {
    title: "createAgent, ten tool calls, and eight of LangChain's middlewares",
    rounds: quick ? 5 : 11,
    warmup: quick ? 12 : 100,
    cases: [
      { name: "createAgent", times: 4, run: systemRuns.agent },
      { name: "eight stock middlewares", times: 4, run: systemRuns.stock },
    ],
    budgets: {},
  },
  {
    title: "A workflow with 200 tools",
    rounds: quick ? 5 : 11,
    cases: [
      { name: "built from nothing", times: 1, run: workflowCache.build },
      { name: "built again of the same tools", times: 2, run: workflowCache.again },
      { name: "the cache's answer", times: 2_000, run: workflowCache.hit },
      { name: "createWorkflow with a hit", times: 500, run: workflowCache.create },
    ],
    budgets: { "the cache's answer": 0.001 },
  },
];

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

let over = 0;
for (const group of groups) {
  const ratios = await measure(group, progress);
  progress("");
  console.log(`${table(group.title, ratios)}\n`);
  over += ratios.filter(exceeded).length;
}

client.close();

const bytes = bytesPerCall();
if (bytes === null) console.log("Bytes per synchronous hook call: run with --expose-gc to measure");
else {
  console.log(
    `Bytes per synchronous hook call with five taps: sync ${bytes.sync.toFixed(2)}, series ${bytes.series.toFixed(2)}, guard ${bytes.guard.toFixed(2)} (budget 0)`,
  );
  // Less than a tenth of a byte per call is the measurement's own few objects, not an allocation per call.
  if (Object.values(bytes).some((perCall) => perCall > 0.1)) over++;
}
console.log(over === 0 ? "No limit exceeded." : `${over} limits exceeded.`);
process.exitCode = over === 0 ? 0 : 1;
