import type { Collected } from "@graphtap/kernel";
import type { DashboardPanel } from "@graphtap/langgraph";
import { snapshot, ValuesError } from "@graphtap/values";
import type { PanelData, Unavailable } from "./keys.js";

/** Largest panel: values in all, characters of text, levels. More is no panel but an export. */
const LIMITS = { nodes: 20_000, bytes: 1_048_576, depth: 12 };

export interface Gathered {
  readonly panels: readonly DashboardPanel[];
  /** Sections by the name under which readers look for them. */
  readonly sections: Readonly<Record<string, PanelData>>;
  readonly unavailable: readonly Unavailable[];
}

/**
 * Panels from what plugins answered: copied, so that nobody changes them afterwards, and only what JSON can carry. A
 * panel fills a section only when it comes from the plugin that the section is of.
 */
export function gather(
  answers: readonly Collected<DashboardPanel>[],
  sections: Readonly<Record<string, string>>,
): Gathered {
  const panels: DashboardPanel[] = [];
  const unavailable: Unavailable[] = [];
  // Nobody takes the place of a plugin that answers by itself, wherever it stands in the list.
  const names = new Set(answers.map(({ plugin }) => plugin));
  const filled = Object.create(null) as Record<string, PanelData>;
  for (const answer of answers) {
    const { plugin } = answer;
    if (answer.status !== "ok") {
      unavailable.push({ plugin, problem: answer.status === "timeout" ? "timed out" : "failed" });
      continue;
    }
    const panel = checked(answer.value);
    if (typeof panel === "string") unavailable.push({ plugin, problem: panel });
    else if (panels.some(({ id }) => id === panel.id) || (panel.id !== plugin && names.has(panel.id)))
      unavailable.push({ plugin, problem: "id taken" });
    else {
      panels.push(panel);
      const section = Object.hasOwn(sections, panel.id) ? sections[panel.id] : undefined;
      if (section !== undefined && plugin === panel.id) filled[section] = panel.data;
    }
  }
  return { panels, sections: filled, unavailable };
}

function checked(panel: DashboardPanel): DashboardPanel | Unavailable["problem"] {
  try {
    const { value, opaque } = snapshot(panel, LIMITS);
    const { id, title, version, data } = value as Partial<DashboardPanel>;
    const whole =
      opaque.length === 0 &&
      typeof id === "string" &&
      id !== "" &&
      typeof title === "string" &&
      typeof version === "number" &&
      typeof data === "object" &&
      data !== null;
    // Dates, Maps and numbers that JSON does not know become what a reader of the JSON would get.
    return whole ? (JSON.parse(JSON.stringify({ id, title, version, data })) as DashboardPanel) : "not plain data";
  } catch (error) {
    return ValuesError.isInstance(error) && (error.code === "TOO_LARGE" || error.code === "TOO_DEEP")
      ? "too large"
      : "not plain data";
  }
}
