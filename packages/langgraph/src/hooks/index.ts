import { dashboard, health, stack } from "./collect.js";
import { model } from "./model.js";
import { node } from "./node.js";
import { run } from "./run.js";
import { state } from "./state.js";
import { tool } from "./tool.js";
import { workflow } from "./workflow.js";

/** Every hook that the binding fires, in groups: `hooks.tool.authorize`, `hooks.run.end`, ... */
export const hooks = Object.freeze({ workflow, run, node, model, tool, state, dashboard, health, stack });

/** All of them in one list, in the order a run meets them. */
export const allHooks = Object.freeze(Object.values(hooks).flatMap((group) => Object.values(group)));

export type * from "./collect.js";
export type * from "./context.js";
export type * from "./model.js";
export type * from "./node.js";
export type * from "./run.js";
export type * from "./state.js";
export type * from "./tool.js";
export type * from "./workflow.js";
