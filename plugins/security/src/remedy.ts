import { grantText } from "./explain-text.js";
import type { GateDenial } from "./gate.js";
import { chainOf, type Subject } from "./subject.js";

const word = (text: string): string => (/^[\w.:@-]+$/.test(text) ? text : JSON.stringify(text));

/** What a developer can do about a refused call, as code; null where nobody is named. */
export function remedyFor(
  { cause, requiredLevel }: Pick<GateDenial, "cause" | "requiredLevel">,
  subject: Subject | null,
  toolName: string,
): string | null {
  const [holder, ...others] = chainOf(subject);
  if (holder === undefined) return null;
  const tenant = holder.tenantId === null ? "" : ` --tenant ${word(holder.tenantId)}`;
  const service = holder.userId === null ? " --service" : "";
  const check = `npx graphtap can ${word(holder.userId ?? holder.service ?? "")} ${word(toolName)}${tenant}${service}`;
  const grantable = cause === "no-grant" || cause === "expired" || cause === "level";
  // Of several who act for each other, any may be the one without the right.
  if (!grantable || others.length > 0) return `${check}   says what would let it pass.`;
  return `stack.get(security).grantToolPermission(${grantText(holder, toolName, requiredLevel)})\nCheck first: ${check}`;
}
