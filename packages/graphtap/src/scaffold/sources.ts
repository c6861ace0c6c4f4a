import type { PluginNames } from "./name.js";

export const keys = ({ service, plugin }: PluginNames): string => `import { defineService } from "@graphtap/langgraph";

/** What other plugins and the application can ask this one. */
export interface ${service} {
  /** Calls that were refused since the start. */
  readonly refused: number;
}

/** The key of the service. Other plugins import it from "./keys", so that they do not load the plugin itself. */
export const ${service} = defineService<${service}>()("${plugin}");
`;

export const index = ({
  code,
  factory,
  plugin,
  service,
}: PluginNames): string => `import { definePlugin, deny, hooks } from "@graphtap/langgraph";
import { z } from "zod";
import { ${service} } from "./keys.js";

export { ${service} } from "./keys.js";

/**
 * Refuses every call of the tools it is given.
 *
 * @example
 * const stack = createStack({ plugins: [${factory}({ tools: ["refund"] })] });
 * stack.get(${factory}).refused;
 */
export const ${factory} = definePlugin({
  name: "${plugin}",
  version: "0.1.0",
  options: z.strictObject({
    /** Names of the tools that nobody may call. */
    tools: z.array(z.string().min(1)).min(1),
  }),
  provides: [${service}],
  setup(api, { tools }) {
    const closed = new Set(tools);
    let refused = 0;
    api.provide(${service}, {
      get refused() {
        return refused;
      },
    });

    // A guard judges the frozen call and has no side effects. Who returns nothing does not object.
    api.tap(hooks.tool.authorize, (call) => {
      if (closed.has(call.name)) return deny("${code}", \`"\${call.name}" is closed.\`, { reason: "named in options.tools" });
      return undefined;
    });
    // An observer sees the denials of every plugin, its own too.
    api.tap(hooks.tool.denied, (denial) => {
      if (denial.plugin === api.id) refused += 1;
    });
  },
});
`;

export const test = ({ code, factory }: PluginNames): string => `import { createStack } from "@graphtap/langgraph";
import { recordHooks, scriptedTool, testPlugin } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { ${factory} } from "./index.js";

const make = () => ${factory}({ tools: ["refund"] });

// What every plugin has to keep: it starts and stops cleanly, lets interrupts and aborts pass, changes no request, ...
describe("conformance", () => testPlugin(it, make));

it("refuses the tools it was given, and no others", async () => {
  const stack = createStack({ plugins: [make()] });
  const seen = recordHooks(stack);
  await seen.ready;
  const [refund, search] = [scriptedTool("refund", "paid back"), scriptedTool("search", "3 articles")];
  const [guardedRefund, guardedSearch] = stack.wrapTools([refund, search]);
  const bob = stack.as({ userId: "bob" });

  await expect(guardedRefund.invoke({}, bob)).rejects.toMatchObject({ code: "${code}" });
  await guardedSearch.invoke({}, bob);

  expect(refund.callCount).toBe(0);
  expect(search.callCount).toBe(1);
  expect(seen.denials()).toEqual([{ name: "refund", code: "${code}" }]);
  expect(stack.get(${factory}).refused).toBe(1);
  await stack.dispose();
});

it("says which option is wrong", () => {
  expect(() => ${factory}({ tools: [] })).toThrow(/PLUGIN_OPTIONS_INVALID[\\s\\S]*tools/);
});
`;

export const readme = ({ code, factory, package: name, plugin, service }: PluginNames): string => `# ${name}

A [GraphTap](https://www.npmjs.com/package/graphtap) plugin: refuses every call of the tools it is given.

\`\`\`sh
npm i ${name} @graphtap/langgraph @langchain/core @langchain/langgraph
\`\`\`

\`\`\`ts
import { createStack } from "@graphtap/langgraph";
import { ${factory} } from "${name}";

const stack = createStack({ plugins: [${factory}({ tools: ["refund"] })] });
const support = stack.wrap(graph);
\`\`\`

| option | default | meaning |
|---|---|---|
| \`tools\` | required | names of the tools that nobody may call |

Hooks it taps: \`tool.authorize\`, \`tool.denied\`. Service it provides: \`${service}\` (\`${name}/keys\`), \`stack.get(${factory}).refused\`.

| denial | when |
|---|---|
| \`${code}\` | a tool of \`tools\` was called |

## Work on it

| command | does |
|---|---|
| \`npm test\` | its own tests, and the conformance tests of \`@graphtap/testkit\` |
| \`npm run typecheck\` | checks the types, tests included |
| \`npm run build\` | writes \`dist\` |
| \`npm publish\` | runs all three first |

\`src/index.ts\` is the plugin, \`src/keys.ts\` the key of its service. The plugin's name is \`${plugin}\`; \`npx graphtap inspect\` in an
application shows where its taps stand.
`;
