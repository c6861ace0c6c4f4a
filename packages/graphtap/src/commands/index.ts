import type { Command } from "../cli/command.js";
import { createPlugin } from "./create-plugin.js";
import { doctor } from "./doctor.js";
import { explain } from "./explain.js";
import { inspect } from "./inspect.js";
import { why } from "./why.js";

/** The built-in commands, in the order of the list. A plugin cannot replace one. */
export const commands: readonly Command[] = [doctor, inspect, explain, why, createPlugin];
