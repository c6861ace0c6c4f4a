import { fakeClock, scriptedTool } from "@graphtap/testkit";
import { expect, it } from "vitest";
import { createStack, definePlugin, type Logger } from "../index.js";

it("tells of a resolver that fails while runs go on without tools, once a minute", async () => {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const logger: Logger = { log: (level, text, fields) => void lines.push({ level, text, ...fields }) };
  const clock = fakeClock("2026-01-01T00:00:00Z");
  const down = new Error("directory is down");
  let failing = true;
  const stack = createStack({
    anonymous: "no-tools",
    clock,
    logger,
    identity: {
      name: "directory",
      resolve() {
        if (failing) throw down;
        return null;
      },
    },
    plugins: [definePlugin({ name: "acme-needs", version: "1.0.0", identity: "required", setup: () => undefined })()],
  });
  const refund = stack.wrapTool(scriptedTool("refund", "ok"));
  const call = () => refund.invoke({}).catch((error: unknown) => (error as { code: string }).code);
  for (let i = 0; i < 3; i++) expect(await call()).toBe("IDENTITY_MISSING");
  expect(lines).toMatchObject([{ level: "warn", code: "IDENTITY_MISSING", workflow: "refund", error: down }]);
  clock.advance(60_000);
  await call();
  expect(lines[1]).toMatchObject({ suppressed: 2 });
  failing = false;
  clock.advance(60_000);
  await call();
  expect(lines).toHaveLength(2);
});
