import { defineHook, definePlugin } from "graphtap";
import { expect, it } from "vitest";
import { createDesk } from "./desk.js";
import { outages } from "./outages.js";

it("lets a plugin change what the host's own hook carries", async () => {
  const desk = createDesk([outages()]);
  expect(await desk.open("1", "outage in EU")).toEqual({ id: "1", priority: "high", text: "outage in EU" });
  expect(await desk.open("2", "hello")).toMatchObject({ priority: "low" });
  await desk.stack.dispose();
});

it("shows a tap on a hook that this host never fires", async () => {
  const elsewhere = defineHook.series<string>("acme.other.host");
  const lost = definePlugin({
    name: "acme-lost",
    version: "1.0.0",
    setup: (api) => {
      api.tap(elsewhere, () => undefined);
    },
  });
  const desk = createDesk([outages(), lost()]);
  expect(JSON.stringify(desk.stack.inspect())).toContain("acme.other.host");
  expect(desk.stack.inspect().toTree()).toMatch(/acme\.other\.host.*(dead|never|nobody)/i);
  await desk.stack.dispose();
});
