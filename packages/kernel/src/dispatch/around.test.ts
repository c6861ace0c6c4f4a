import { describe, expect, it } from "vitest";
import { fakeClock, settled } from "../fixtures/fake-clock.js";
import { bubbleUp, recordingLogger, tapped } from "../fixtures/kernel.js";
import { defineHook } from "../hook.js";

type Next = (request?: string) => Promise<string>;
const around = defineHook.around<string, Promise<string>, unknown>("acme.work.do");
const timed = defineHook.around<string, Promise<string>, unknown>("acme.work.timed", { timeoutMs: 100 });
const core = async (request: string): Promise<string> => `<${request}>`;
const boom = (): never => {
  throw new Error("boom");
};

describe("around", () => {
  it("wraps with the first tap outermost; next takes another request or keeps the current one", async () => {
    const layer = (name: string) => async (request: string, next: Next) =>
      `${name}(${await next(`${request}${name}`)})`;
    const kernel = tapped(around, [layer("a"), (_request, next: Next) => next(), layer("c")]);
    expect(await kernel.call(around, "-", undefined, core)).toBe("a(c(<-ac>))");
  });

  it("hands ctx to every tap and to the core", async () => {
    const seen: unknown[] = [];
    const ctx = { run: 1 };
    await tapped(around, [(request, next: Next, given) => (seen.push(given), next(request))]).call(
      around,
      "x",
      ctx,
      async (request, given) => (seen.push(given), request),
    );
    expect(seen).toEqual([ctx, ctx]);
  });

  it("calls the core itself when nobody taps", () => {
    const result = Promise.resolve("same");
    expect(tapped(around, []).call(around, "x", undefined, () => result)).toBe(result);
  });

  it("may answer without next, and may call next again", async () => {
    let attempts = 0;
    const flaky = async (request: string) => {
      if (++attempts < 3) throw new Error(`attempt ${attempts}`);
      return `${request}${attempts}`;
    };
    const retry = async (_request: string, next: Next): Promise<string> =>
      next()
        .catch(() => next())
        .catch(() => next());
    expect(await tapped(around, [retry]).call(around, "x", undefined, flaky)).toBe("x3");
    expect(await tapped(around, [async () => "cached"]).call(around, "x", undefined, () => boom())).toBe("cached");
  });

  it("keeps a synchronous answer synchronous", () => {
    const plain = defineHook.around<number, number>("acme.sum.make");
    expect(tapped(plain, [(n, next) => next(n + 1) * 2]).call(plain, 1, undefined, (n) => n)).toBe(4);
  });

  it("lets what the core throws through untouched and unattributed", async () => {
    const error = new Error("core");
    const kernel = tapped(around, [
      (r, next: Next) => next(r),
      async (_r, next: Next) => next(),
      async (_r, next: Next) => {
        try {
          return await next();
        } finally {
          /* nothing to undo */
        }
      },
    ]);
    await expect(
      kernel.call(around, "x", undefined, async () => {
        throw error;
      }),
    ).rejects.toBe(error);
    await expect(async () =>
      kernel.call(around, "x", undefined, () => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(kernel.inspect().faults.total).toBe(0);
  });

  it("lets an earlier attempt's core error through as well", async () => {
    const errors = [new Error("first"), new Error("second")];
    let at = 0;
    const kernel = tapped(around, [
      async (_r, next: Next) => {
        const first = await next().catch((error: unknown) => error);
        await next().catch(() => undefined);
        throw first;
      },
    ]);
    await expect(
      kernel.call(around, "x", undefined, async () => {
        throw errors[at++] ?? new Error("a third attempt");
      }),
    ).rejects.toBe(errors[0]);
  });

  it("puts plugin and hook on a tap's own error, once, however many layers it passes", async () => {
    const kernel = tapped(around, [(r, next: Next) => next(r), async () => boom(), async (_r, next: Next) => next()]);
    await expect(kernel.call(around, "x", undefined, core)).rejects.toMatchObject({
      code: "TAP_FAILED",
      plugin: "b",
      hook: around.name,
      cause: new Error("boom"),
    });
    expect(kernel.inspect().faults.recent).toMatchObject([{ plugin: "b", code: "TAP_FAILED" }]);
    expect(() => tapped(around, [boom]).call(around, "x", undefined, core)).toThrow(
      expect.objectContaining({ plugin: "a" }),
    );
  });

  it("blames the tap that wraps a core error into one of its own", async () => {
    const kernel = tapped(around, [
      async (_r, next: Next) =>
        next().catch((cause: unknown) => {
          throw new Error("mine", { cause });
        }),
    ]);
    await expect(kernel.call(around, "x", undefined, async () => boom())).rejects.toMatchObject({
      code: "TAP_FAILED",
      plugin: "a",
    });
  });

  it("shows a tap's error to the taps outside as it was thrown, and names the plugin to the caller", async () => {
    const error = new Error("boom");
    const seen: unknown[] = [];
    const watch = async (_r: string, next: Next): Promise<string> => {
      try {
        return await next();
      } catch (caught) {
        seen.push(caught);
        throw caught;
      }
    };
    const fail = () => {
      throw error;
    };
    for (const inner of [fail, async () => fail()]) {
      const kernel = tapped(around, [watch, inner, (r, next: Next) => next(r)]);
      await expect(kernel.call(around, "x", undefined, core)).rejects.toMatchObject({ plugin: "b", cause: error });
      expect(kernel.inspect().faults.total).toBe(1);
    }
    expect(seen).toEqual([error, error]);
  });

  it("finds the culprit of an earlier attempt, and counts no fault that another tap has dealt with", async () => {
    let attempt = 0;
    const flaky = async (r: string, next: Next): Promise<string> => {
      if (++attempt % 3 !== 0) throw new Error(`attempt ${attempt}`);
      return next(r);
    };
    const retry = async (_r: string, next: Next): Promise<string> =>
      next().catch(async (first: unknown) => {
        await next().catch(() => undefined);
        await next();
        throw first;
      });
    const kernel = tapped(around, [retry, flaky]);
    await expect(kernel.call(around, "x", undefined, core)).rejects.toMatchObject({
      plugin: "b",
      cause: new Error("attempt 1"),
    });
    const forgiving = tapped(around, [async (_r, next: Next) => next().catch(() => "instead"), async () => boom()]);
    expect(await forgiving.call(around, "x", undefined, core)).toBe("instead");
    expect([kernel, forgiving].map((k) => k.inspect().faults.total)).toEqual([1, 0]);
  });

  it("passes control flow and aborts of a tap untouched", async () => {
    const error = bubbleUp();
    const abort = AbortSignal.abort(new Error("left"));
    const kernel = tapped(around, [
      async (_r, _next, ctx: { signal?: AbortSignal }) => {
        ctx.signal?.throwIfAborted();
        throw error;
      },
    ]);
    await expect(kernel.call(around, "x", {}, core)).rejects.toBe(error);
    await expect(kernel.call(around, "x", { signal: abort }, core)).rejects.toBe(abort.reason);
    expect(kernel.inspect().faults.total).toBe(0);
  });

  it("refuses a tap that forgets its result, now or later", async () => {
    expect(() => tapped(around, [(_r, next: Next) => void next()]).call(around, "x", undefined, core)).toThrow(
      expect.objectContaining({ code: "HOOK_RESULT_INVALID", plugin: "a", hook: around.name }),
    );
    await expect(
      tapped(around, [async (_r, next: Next) => void (await next())]).call(around, "x", undefined, core),
    ).rejects.toMatchObject({ code: "HOOK_RESULT_INVALID", plugin: "a" });
    await expect(tapped(around, [async () => undefined]).call(around, "x", undefined, core)).rejects.toMatchObject({
      code: "HOOK_RESULT_INVALID",
    });
  });

  it("blames the tap that forgot its result, not those that hand it on or stumble over it", async () => {
    const forgets = async (_r: string, next: Next) => void (await next());
    const handsOn = async (_r: string, next: Next) => next();
    const stumbles = async (_r: string, next: Next) => (await next()).toUpperCase();
    for (const outside of [handsOn, stumbles]) {
      const kernel = tapped(around, [handsOn, outside, forgets, handsOn]);
      await expect(kernel.call(around, "x", undefined, core)).rejects.toMatchObject({
        code: "HOOK_RESULT_INVALID",
        plugin: "c",
      });
      expect(kernel.inspect().faults.recent).toMatchObject([{ plugin: "c" }]);
    }
  });

  it("accepts undefined where the core itself answers nothing", async () => {
    const quiet = defineHook.around<string, Promise<void>>("acme.quiet.do");
    await expect(
      tapped(quiet, [async (_r, next) => next()]).call(quiet, "x", undefined, async () => undefined),
    ).resolves.toBeUndefined();
  });

  it("hands a stream through as it is", () => {
    const stream = defineHook.around<string, AsyncIterable<number>>("acme.stream.open");
    const chunks = (async function* () {
      yield 1;
    })();
    expect(tapped(stream, [(r, next) => next(r)]).call(stream, "x", undefined, () => chunks)).toBe(chunks);
  });

  it("survives a tap that drops what next gave and whose core then fails", async () => {
    const kernel = tapped(around, [
      async (_r, next: Next) => {
        void next();
        return "early";
      },
    ]);
    await expect(kernel.call(around, "x", undefined, async () => boom())).resolves.toBe("early");
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("survives what a tap waits for too late or not at all, whichever layer it comes from", async () => {
    const lost: unknown[] = [];
    const listen = (reason: unknown) => void lost.push(reason);
    process.on("unhandledRejection", listen);
    const idle = () => new Promise((resolve) => setImmediate(resolve));
    const late = async (_r: string, next: Next): Promise<string> => {
      const answer = next();
      await idle();
      return answer;
    };
    const drop = async (_r: string, next: Next): Promise<string> => {
      void next();
      return "early";
    };
    const through = async (_r: string, next: Next) => next();
    const failsAfter = async (_r: string, next: Next) => (await next(), boom());
    const begins = async (_r: string, next: Next): Promise<string> => {
      setImmediate(() => void next());
      return "early";
    };
    const fails = async () => boom();
    try {
      await expect(tapped(around, [late, through, through]).call(around, "x", undefined, fails)).rejects.toThrow(
        "boom",
      );
      for (const inner of [through, failsAfter]) {
        const kernel = tapped(around, [drop, inner]);
        expect(await kernel.call(around, "x", undefined, async () => (await idle(), "late"))).toBe("early");
        expect(await kernel.call(around, "x", undefined, async () => (await idle(), boom()))).toBe("early");
      }
      expect(await tapped(around, [begins, fails]).call(around, "x", undefined, core)).toBe("early");
      for (let i = 0; i < 4; i++) await idle();
    } finally {
      process.off("unhandledRejection", listen);
    }
    expect(lost).toEqual([]);
  });

  it("adds nothing between two layers: next gives the very promise of the layer inside, and no clock is read", async () => {
    let reads = 0;
    const clock = { ...fakeClock(), now: () => ++reads, monotonic: () => ++reads };
    const given: unknown[] = [];
    const kernel = tapped(
      around,
      [1, 2, 3].map(() => (r: string, next: Next) => {
        const inner = next(r);
        given.push(inner);
        return inner;
      }),
      { clock },
    );
    await kernel.ready();
    const answer = core("x");
    const before = reads;
    expect(await kernel.call(around, "x", undefined, () => answer)).toBe("<x>");
    expect(given).toEqual([answer, answer, answer]);
    expect(given.every((promise) => promise === answer)).toBe(true);
    expect(reads).toBe(before);
  });

  it("asks a lazy thenable once", async () => {
    let asked = 0;
    const begin = (resolve: (value: string) => void) => (asked++, resolve("row"));
    const lazy = new Proxy({}, { get: (_of, key) => (key === "then" ? begin : undefined) }) as Promise<string>;
    const kernel = tapped(around, [async (_r, next: Next) => `${await next()}!`, (r, next: Next) => next(r)]);
    expect(await kernel.call(around, "x", undefined, () => lazy)).toBe("row!");
    expect(asked).toBe(1);
  });

  it("needs its core", () => {
    expect(() => tapped(around, [(r, next: Next) => next(r)]).call(around, "x", undefined, undefined as never)).toThrow(
      "[HOOK_INVALID]",
    );
  });

  it("agrees for 1 and for 100 calls at once", async () => {
    const kernel = tapped(around, [
      async (r, next: Next) => `${await next()}${r}`,
      async (r, next: Next) => next(`${r}!`),
    ]);
    const one = async (i: number) => kernel.call(around, `${i}`, undefined, core);
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => one(i)));
    expect(all).toEqual(Array.from({ length: 100 }, (_, i) => `<${i}!>${i}`));
  });
});

describe("around with timeoutMs", () => {
  const sleep = (clock: ReturnType<typeof fakeClock>, ms: number) =>
    new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));

  it("counts only the tap's own time: the clock stops while next is pending", async () => {
    const clock = fakeClock();
    const kernel = tapped(
      timed,
      [
        async (_r, next: Next) => {
          await sleep(clock, 60);
          const answer = await next();
          await sleep(clock, 30);
          return answer;
        },
      ],
      { clock },
    );
    const call = kernel.call(timed, "x", undefined, async (r) => {
      await sleep(clock, 5_000);
      return r;
    });
    await clock.advance(60);
    await clock.advance(5_000);
    await clock.advance(30);
    await expect(call).resolves.toBe("x");
    expect(clock.pending).toBe(0);
  });

  it("fails with the tap's name once its own time is used up, before and after next together", async () => {
    const clock = fakeClock();
    const kernel = tapped(
      timed,
      [
        (r, next: Next) => next(r),
        async (_r, next: Next) => {
          await sleep(clock, 60);
          const answer = await next();
          await sleep(clock, 60);
          return answer;
        },
      ],
      { clock },
    );
    const call = kernel.call(timed, "x", undefined, async (r) => {
      await sleep(clock, 1_000);
      return r;
    });
    const caught = call.catch((error: unknown) => error);
    await clock.advance(60);
    await clock.advance(1_000);
    await clock.advance(39);
    expect(kernel.inspect().faults.total).toBe(0);
    await clock.advance(1);
    expect(await caught).toMatchObject({ code: "HOOK_TIMEOUT", plugin: "b", hook: timed.name });
  });

  it("lets no new attempt begin after the time-out", async () => {
    const clock = fakeClock();
    let attempts = 0;
    let refused: unknown;
    const kernel = tapped(
      timed,
      [
        async (_r, next: Next) => {
          await sleep(clock, 200);
          return next().catch((error: unknown) => {
            refused = error;
            throw error;
          });
        },
      ],
      { clock },
    );
    const caught = kernel.call(timed, "x", undefined, async (r) => (attempts++, r)).catch((error: unknown) => error);
    await clock.advance(300);
    expect(await caught).toMatchObject({ code: "HOOK_TIMEOUT" });
    expect([attempts, refused]).toEqual([0, undefined]);
  });

  it("stops while any of several nexts is pending", async () => {
    const clock = fakeClock();
    const kernel = tapped(timed, [async (_r, next: Next) => (await Promise.all([next("1"), next("2")])).join("+")], {
      clock,
    });
    const call = kernel.call(timed, "x", undefined, async (r) => {
      await sleep(clock, r === "1" ? 500 : 900);
      return r;
    });
    await clock.advance(1_000);
    await expect(call).resolves.toBe("1+2");
  });

  it("leaves no timer behind when the tap or the core fails", async () => {
    const clock = fakeClock();
    await expect(
      tapped(timed, [async (_r, next: Next) => next()], { clock }).call(timed, "x", undefined, async () => boom()),
    ).rejects.toThrow("boom");
    expect(() => tapped(timed, [boom], { clock }).call(timed, "x", undefined, core)).toThrow("TAP_FAILED");
    await expect(tapped(timed, [async () => boom()], { clock }).call(timed, "x", undefined, core)).rejects.toThrow(
      "TAP_FAILED",
    );
    expect(clock.pending).toBe(0);
  });
});

describe("a pending around call", () => {
  it("shows in the ledger under the layer that is at work, or what it wraps", async () => {
    const parked: (() => void)[] = [];
    const park = () => new Promise<void>((resolve) => void parked.push(resolve));
    const kernel = tapped(around, [
      async (_r, next: Next) => {
        const answer = await next();
        await park();
        return answer;
      },
      async (_r, next: Next) => {
        await park();
        return next();
      },
    ]);
    const call = kernel.call(around, "x", undefined, async (r) => {
      await park();
      return r;
    });
    const seen: string[] = [];
    for (let step = 0; step < 3; step++) {
      await settled();
      seen.push(...kernel.inspect().pending.map(({ plugin, hook }) => `(${plugin}) ${hook}`));
      parked[step]?.();
    }
    expect(await call).toBe("x");
    expect(seen).toEqual(["(b) acme.work.do", "(what the hook wraps) acme.work.do", "(a) acme.work.do"]);
    expect(kernel.inspect().pending).toEqual([]);
  });

  it("names the layer at work when it is looked at for the first time on the way out, and how long at least", async () => {
    const clock = fakeClock();
    const logger = recordingLogger();
    const stuck = async (_r: string, next: Next) => {
      await next();
      return new Promise<string>(() => undefined);
    };
    const kernel = tapped(around, [async (_r, next: Next) => next(), stuck, async (_r, next: Next) => next()], {
      clock,
      logger,
    });
    const epoch = kernel.pin();
    void epoch.runner(around).call("x", undefined, core);
    await clock.advance(5_000);
    const disposed = kernel.dispose().catch((error: unknown) => error);
    await clock.advance(30_000);
    expect(await disposed).toMatchObject({
      errors: [{ message: expect.stringMatching(/\[DRAIN_TIMEOUT\][\s\S]*\(b\) acme\.work\.do, 30000 ms/) }],
    });
    epoch.release();
  });

  it("lets a synchronous core answer nothing, as an asynchronous one may", () => {
    const nothing = defineHook.around<string, undefined>("acme.nothing.do");
    const kernel = tapped(nothing, [(request, next) => next(request), (request, next) => next(request)]);
    expect(kernel.call(nothing, "x", undefined, () => undefined)).toBeUndefined();
  });
});

describe("a layer that was dropped and fails later", () => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
  const before = async (): Promise<string> => (await pause(), boom());
  const after = async (_request: string, next: Next): Promise<string> => (await next(), await pause(), boom());
  const forgets: Record<string, (request: string, next: Next) => unknown> = {
    "answers at once": (_request, next) => (void next(), "mine"),
    "answers later": async (_request, next) => (void next(), "mine"),
    "answers last": async (_request, next) => (void next(), await pause(), await pause(), await pause(), "mine"),
    "throws at once": (_request, next) => (void next(), boom()),
    "gives nothing": (_request, next) => void next(),
  };

  for (const [name, forget] of Object.entries(forgets))
    it(`does not end the process when the one around it ${name}`, async () => {
      const unheard: unknown[] = [];
      const hear = (error: unknown): void => void unheard.push(error);
      process.on("unhandledRejection", hear);
      try {
        for (const inner of [before, after])
          for (const taps of [
            [forget, inner],
            [forget, inner, async (r: string, next: Next) => next(r)],
          ]) {
            const answer = async (): Promise<unknown> =>
              tapped(around, taps as never).call(around, "x", undefined, core);
            await answer().catch(() => undefined);
          }
        for (let turns = 0; turns < 6; turns++) await pause();
      } finally {
        process.off("unhandledRejection", hear);
      }
      expect(unheard).toEqual([]);
    });
});
