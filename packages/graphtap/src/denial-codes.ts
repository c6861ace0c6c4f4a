import type { CatalogEntry } from "@graphtap/kernel";

/** Codes that denials and ends of calls carry, in audits and in what a model reads, without an error being thrown. */
export const denialCodes = Object.freeze({
  kernel: {
    GUARD_FAILED: {
      title: "A guard failed, so the call was denied",
      why: "A plugin's guard threw, or returned something that is no verdict. What cannot be judged is not allowed.",
      do: "The log names the plugin and the hook, and holds the error.",
    },
    GUARD_TIMEOUT: {
      title: "A guard took too long, so the call was denied",
      why: "A guard has 2,000 ms unless its hook says otherwise. What cannot be judged in time is not allowed.",
      do: "Find what the guard waits for: a store that is down, a request without a time-out of its own.",
    },
  },
  langgraph: {
    RESULT_WITHHELD: {
      title: "What a tool or a model returned was withheld",
      why: "A filter of a plugin (a tool.result or model.result tap) failed. What could not be filtered is not shown.",
      do: "The reason in the log or the audit names the plugin.",
    },
    RUN_CALLED_TWICE: {
      title: "A plugin tried to execute a run a second time",
      why: "A run.call tap called next() twice; a run's steps, checkpoints and tool calls must happen once.",
      do: "Call next() at most once; to retry, invoke the graph again from outside.",
    },
    TOOL_ERROR: {
      title: "A tool ended with an error",
      why: "The tool threw, or returned a message with status error. It was allowed to run.",
      do: "The tool.end event, and the message in the state, hold what the tool said.",
    },
  },
} as const satisfies Record<string, Record<string, CatalogEntry>>);
