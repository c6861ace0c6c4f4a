import { agents } from "./agents.js";
import { basics } from "./basics.js";
import { failures } from "./failures.js";
import { functional } from "./functional.js";
import { interrupts } from "./interrupts.js";
import { models } from "./models.js";
import { parallel } from "./parallel.js";
import { subgraphs } from "./subgraphs.js";
import { teams } from "./teams.js";
import { tools } from "./tools.js";
import type { Example, Tag } from "./types.js";

export { THREAD } from "./make.js";
export {
  asIs,
  type Example,
  type GalleryGraph,
  type Made,
  type RunConfig,
  type Tag,
  type Through,
  type Turn,
  type Way,
} from "./types.js";

/** The examples in groups of about the same running time. */
export const groups = {
  basics,
  parallel,
  subgraphs,
  interrupts,
  failures,
  tools,
  models,
  functional,
  agents,
  teams,
} as const;

/** Every example. */
export const gallery: readonly Example[] = Object.values(groups).flat();

/** Those that carry all the given tags. */
export const tagged = (...tags: readonly Tag[]): readonly Example[] =>
  gallery.filter((one) => tags.every((tag) => one.tags.includes(tag)));
