import { abortsPass, interruptsPass } from "./control-cases.js";
import { faultsAreNamed, requestsStayFrozen } from "./fault-cases.js";
import { bootsAlone, bootsBeside, leavesNothing } from "./lifecycle-cases.js";
import type { Kit } from "./options.js";
import { modesAgree, parallelRunsAgree, worksUnderSecondKernel } from "./parity-cases.js";

/** One promise of a plugin, as a test. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

/** All cases, in the order in which they are the most useful to fail. */
export function conformanceCases(kit: Kit): readonly ConformanceCase[] {
  const cases: readonly (readonly [string, (kit: Kit) => Promise<void>])[] = [
    ["boots alone and runs a graph", bootsAlone],
    ["boots beside other plugins, in either order", bootsBeside],
    ["disposes twice and leaves no timer, listener or handle", leavesNothing],
    ["faults carry plugin and hook", faultsAreNamed],
    ["interrupts pass", interruptsPass],
    ["aborts pass", abortsPass],
    ["frozen requests stay frozen", requestsStayFrozen],
    [`1 and ${kit.parallel} parallel runs agree`, parallelRunsAgree],
    ["the same result in every run mode", modesAgree],
    ["works under a second copy of the kernel", worksUnderSecondKernel],
  ];
  return cases.map(([name, run]) => ({ name: `conformance: ${name}`, run: () => run(kit) }));
}
