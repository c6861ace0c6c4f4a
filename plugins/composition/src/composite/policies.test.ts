import { definePlugin, deny, DeniedError, hooks, isDenied } from "@graphtap/langgraph";
import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { ask, desks, echo, failure, speaker, texts } from "../fixtures/desk.js";

const desk = desks();
const broken = (message = "broken") =>
  speaker("bad", () => {
    throw Object.assign(new Error(message), { lc_error_code: "MODEL_RATE_LIMIT" });
  });
/** Never ends until it is aborted. */
const endless = (name: string, seen: AbortSignal[] = []) =>
  speaker(
    name,
    (_, signal) =>
      new Promise((_resolve, reject) => {
        if (signal !== undefined) seen.push(signal);
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      }),
  );
const alice = { userId: "alice" };

describe("a member that fails", () => {
  it("ends a sequence: what comes after it does not begin", async () => {
    const { stack, manager, told } = desk();
    const seen: string[] = [];
    const both = await manager.createCompositeWorkflow({
      name: "both",
      workflows: [speaker("one"), broken(), speaker("three", () => void seen.push("three"))],
    });
    const error = await failure(both.invoke(ask("hi"), stack.as(alice)));
    expect(error).toMatchObject({
      code: "MEMBER_FAILED",
      lc_error_code: "MODEL_RATE_LIMIT",
      details: { workflow: "both", member: "bad", index: 1 },
      cause: { message: "broken" },
    });
    expect([seen, told.errors]).toEqual([[], [error]]);
    expect(told.runs).toEqual(["start both", "end both error MEMBER_FAILED"]);
    expect(told.members.map(({ member, status }) => `${member} ${status}`)).toEqual(["one ok", "bad error"]);
  });

  it("aborts what runs beside it, down to its model", async () => {
    const { stack, manager, told } = desk();
    const model = scriptedModel([{ hang: true }]);
    const wait = async () => {
      while (model.callCount === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      throw new Error("broken");
    };
    const both = await manager.createCompositeWorkflow({
      name: "both",
      executionStrategy: "parallel",
      workflows: [{ name: "slow", workflow: { llm: model } }, speaker("bad", wait)],
    });
    expect(await failure(both.invoke(ask("hi"), stack.as(alice)))).toMatchObject({
      code: "MEMBER_FAILED",
      details: { member: "bad" },
    });
    expect(model.calls[0]?.status).toBe("cancelled");
    expect(told.members.map(({ member, status }) => `${member} ${status}`)).toEqual(["bad error", "slow cancelled"]);
    expect(told.runs).toEqual(["start both", "end both error MEMBER_FAILED"]);
  });

  it("lets nobody begin who still waits for a place", async () => {
    const { stack, manager } = desk();
    const seen: string[] = [];
    const both = await manager.createCompositeWorkflow({
      executionStrategy: "parallel",
      maxConcurrency: 1,
      workflows: [broken(), speaker("waiting", () => void seen.push("waiting"))],
    });
    await failure(both.invoke(ask("hi"), stack.as(alice)));
    expect(seen).toEqual([]);
  });

  it.each(["sequential", "parallel"] as const)("may fail alone (%s)", async (executionStrategy) => {
    const { stack, manager, told } = desk();
    const all = await manager.createCompositeWorkflow({
      name: "all",
      executionStrategy,
      onError: "continue",
      workflows: [speaker("one"), broken(), speaker("three")],
    });
    const out = await all.invoke(ask("hi"), stack.as(alice));
    expect(texts(out)).toEqual(["hi", "one", "three"]);
    expect(out.outcomes[1]).toMatchObject({
      member: "bad",
      status: "error",
      error: { code: "MODEL_RATE_LIMIT", name: "Error", message: "broken" },
    });
    expect(told.runs).toEqual(["start all", "end all ok"]);
  });

  it("may be replaced, and its replacement may fail", async () => {
    const { stack, manager, told } = desk();
    const run = async (fallback: never) => {
      const both = await manager.createCompositeWorkflow({
        workflows: [{ workflow: broken(), fallback }, speaker("two")],
      });
      return both.invoke(ask("hi"), stack.as(alice));
    };
    const out = await run(speaker("instead") as never);
    expect(texts(out)).toEqual(["hi", "instead", "two"]);
    expect(out.outcomes[0]).toMatchObject({ member: "bad", status: "fallback", error: { message: "broken" } });
    expect(await failure(run(broken("broken too") as never))).toMatchObject({
      code: "MEMBER_FAILED",
      cause: { message: "broken too" },
    });
    expect(told.members.map(({ status }) => status)).toEqual(["fallback", "ok", "error"]);
  });

  it("is tried again where the thread goes on", async () => {
    const { stack, manager } = desk();
    let fails = true;
    const ran: string[] = [];
    const flaky = speaker("flaky", () => {
      if (fails) throw new Error("broken");
    });
    const both = await manager.createCompositeWorkflow({
      executionStrategy: "parallel",
      enableMemory: true,
      workflows: [speaker("one", () => void ran.push("one")), flaky],
    });
    const who = () => stack.as({ ...alice, conversationId: "c-1" });
    await failure(both.invoke(ask("hi"), who()));
    fails = false;
    expect(texts(await both.invoke(null, who()))).toEqual(["hi", "one", "flaky"]);
    expect(ran).toEqual(["one"]);
  });
});

describe("time", () => {
  const clocked = async (limits: object, workflows: readonly unknown[], executionStrategy = "sequential") => {
    const clock = fakeClock("2026-01-01T00:00:00Z");
    const made = desk({ more: { clock } });
    const both = await made.manager.createCompositeWorkflow({
      name: "both",
      workflows,
      executionStrategy,
      ...limits,
    } as never);
    const running = both.invoke(ask("hi"), made.stack.as(alice));
    running.catch(() => undefined);
    return { ...made, clock, running };
  };
  const begun = async (seen: readonly AbortSignal[], count: number) => {
    while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  it("ends for a member, which is aborted", async () => {
    const seen: AbortSignal[] = [];
    const { clock, running, told } = await clocked({ memberTimeoutMs: 1_000 }, [endless("slow", seen)]);
    await begun(seen, 1);
    clock.advance(999);
    expect(seen[0]?.aborted).toBe(false);
    clock.advance(1);
    expect(await failure(running)).toMatchObject({
      code: "MEMBER_TIMEOUT",
      details: { member: "slow", timeoutMs: 1_000 },
    });
    expect(seen[0]?.aborted).toBe(true);
    expect(told.runs).toEqual(["start both", "end both error MEMBER_TIMEOUT"]);
    expect(clock.pending).toBe(0);
  });

  it("ends for a member that takes no notice", async () => {
    let begin = 0;
    const deaf = speaker("deaf", () => {
      begin++;
      return new Promise(() => {});
    });
    const { clock, running } = await clocked({}, [{ workflow: deaf, timeoutMs: 50 }]);
    while (begin === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    clock.advance(50);
    expect(await failure(running)).toMatchObject({ code: "MEMBER_TIMEOUT" });
  });

  it("leaves the others alone where a member may fail, or gives its fallback the same time", async () => {
    const seen: AbortSignal[] = [];
    const { clock, running } = await clocked({ memberTimeoutMs: 100 }, [
      { workflow: endless("slow", seen), onError: "continue" },
      { workflow: endless("slower", seen), fallback: speaker("instead") },
    ]);
    await begun(seen, 1);
    clock.advance(100);
    await begun(seen, 2);
    clock.advance(100);
    const out = await running;
    expect(texts(out)).toEqual(["hi", "instead"]);
    expect(out.outcomes).toMatchObject([
      { status: "error", error: { code: "MEMBER_TIMEOUT" } },
      { status: "fallback" },
    ]);
  });

  it.each(["sequential", "parallel"])("ends for all of them together, whatever they may (%s)", async (strategy) => {
    const seen: AbortSignal[] = [];
    const quick = speaker("quick");
    const { clock, running } = await clocked(
      { timeoutMs: 300, memberTimeoutMs: 200, onError: "continue" },
      [quick, endless("slow", seen), endless("last", seen)],
      strategy,
    );
    await begun(seen, strategy === "parallel" ? 2 : 1);
    clock.advance(200);
    if (strategy === "sequential") {
      await begun(seen, 2);
      clock.advance(100);
      expect(await failure(running)).toMatchObject({
        code: "COMPOSITE_TIMEOUT",
        details: { member: "last", timeoutMs: 300 },
      });
    } else expect(texts(await running)).toEqual(["hi", "quick"]);
    expect(seen.every(({ aborted }) => aborted)).toBe(true);
  });

  it.each(["sequential", "conditional"] as const)("ends facts() that hangs (%s)", async (executionStrategy) => {
    const clock = fakeClock("2026-01-01T00:00:00Z");
    const { stack, manager } = desk({ more: { clock } });
    let asked = 0;
    const graph = await manager.createCompositeWorkflow({
      executionStrategy,
      timeoutMs: 50,
      facts: () => {
        asked++;
        return new Promise(() => {});
      },
      workflows: [{ workflow: speaker("one"), when: { path: "plan", eq: "pro" } }, speaker("two")],
    });
    const running = failure(graph.invoke(ask("hi"), stack.as(alice)));
    await expect.poll(() => asked).toBe(1);
    clock.advance(50);
    const member = executionStrategy === "sequential" ? "one" : null;
    expect(await running).toMatchObject({ code: "COMPOSITE_TIMEOUT", details: { member, timeoutMs: 50 } });
  });

  it("is told by the plugin's options where a composite says nothing", async () => {
    const clock = fakeClock("2026-01-01T00:00:00Z");
    const { stack, manager } = desk({ limits: { memberTimeoutMs: 10 }, more: { clock } });
    const seen: AbortSignal[] = [];
    const both = await manager.createCompositeWorkflow({ workflows: [endless("slow", seen)] });
    const running = failure(both.invoke(ask("hi"), stack.as(alice)));
    await begun(seen, 1);
    clock.advance(10);
    expect(await running).toMatchObject({ code: "MEMBER_TIMEOUT" });
  });
});

describe("gates", () => {
  const guard = definePlugin({
    name: "guard",
    version: "1.0.0",
    setup(api) {
      api.tap(hooks.tool.authorize, (call, run) =>
        run.principal?.userId === "bob" ? deny("NOT_BOB", `"${call.name}" is not for you.`) : undefined,
      );
      api.tap(hooks.model.authorize, (_, run) =>
        run.principal?.userId === "eve" ? deny("NOT_EVE", "no model for you.") : undefined,
      );
    },
  });
  const calling = () =>
    scriptedModel((messages) =>
      messages.at(-1)?.type === "human"
        ? { call: { name: "search", args: {} } }
        : { say: `got ${messages.at(-1)?.text}` },
    );

  it.each(["sequential", "parallel", "conditional"] as const)(
    "hold in members (%s): the tool of one user is not another's",
    async (executionStrategy) => {
      const { stack, manager, told } = desk({ plugins: [guard()] });
      const search = scriptedTool("search", "3 articles");
      const tools = { name: "tools", workflow: { llm: calling(), mode: "tools", tools: [search] } as const };
      const both = await manager.createCompositeWorkflow({
        name: "both",
        executionStrategy,
        workflows:
          executionStrategy === "conditional"
            ? [{ workflow: speaker("no"), when: { path: "x", eq: 1 } }, tools]
            : [tools],
      });
      const run = (userId: string) => both.invoke(ask("hi"), stack.as({ userId }));
      const [fine, refused] = await Promise.all([run("alice"), run("bob")]);
      expect(texts(fine).at(-1)).toBe("got 3 articles");
      expect(refused.messages.filter(isDenied)).toHaveLength(1);
      expect(search.callCount).toBe(1);
      expect(await failure(both.invoke(ask("hi")))).toMatchObject({ code: "IDENTITY_MISSING" });
      expect(told.runs.filter((line) => line === "end both ok")).toHaveLength(2);
    },
  );

  it("end a run as denied, and not as failed", async () => {
    const { stack, manager, told } = desk({ plugins: [guard()] });
    const both = await manager.createCompositeWorkflow({ name: "both", workflows: [{ llm: echo("a") }] });
    const error = await failure(both.invoke(ask("hi"), stack.as({ userId: "eve" })));
    expect(DeniedError.isDenied(error)).toBe(true);
    expect(told.runs).toEqual(["start both", "end both denied NOT_EVE"]);
    const soft = await manager.createCompositeWorkflow({
      workflows: [{ workflow: { llm: echo("a") }, fallback: speaker("sorry") }],
    });
    const out = await soft.invoke(ask("hi"), stack.as({ userId: "eve" }));
    expect(out.outcomes[0]).toMatchObject({ status: "fallback", error: { code: "NOT_EVE" } });
  });
});
