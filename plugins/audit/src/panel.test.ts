import { createStack, hooks } from "@graphtap/langgraph";
import { expect, it } from "vitest";
import { audit } from "./plugin.js";

it("counts every denial of the day, however many a page holds", async () => {
  await using stack = createStack({ plugins: [audit({ maxEntries: { denial: 50_000 } })] });
  const log = stack.get(audit);
  for (let one = 0; one < 10_500; one++)
    log.append({ event: "tool.denied", class: "denial", decision: "denied", code: one < 500 ? "OLDER" : "NEWER" });
  const [answer] = await stack.call(hooks.dashboard.collect, { kind: "system" });
  expect(answer).toMatchObject({
    status: "ok",
    value: {
      data: {
        denialsByCode: [
          { code: "NEWER", count: 10_000 },
          { code: "OLDER", count: 500 },
        ],
      },
    },
  });
});
