import { compileRules, type NamedConditions, type Rule } from "@graphtap/values";
import { type CompositionIssue, compositionInvalid, templateDuplicate, templateUnknown } from "../errors.js";
import { isRecord, type MemberSpec, ruleIssues } from "../members/config.js";
import { described } from "../text.js";

/** What a template says of one workflow: plain data, without models, tools and retrievers. */
export type TemplateWorkflow = Pick<MemberSpec, "mode" | "enableMemory" | "memoryWindow" | "description"> & {
  readonly systemMessage?: string | undefined;
};

/** A conditional configuration under a name. Plain data: it can be stored and sent. */
export interface WorkflowTemplate {
  readonly name: string;
  /** Three numbers, `1.2.0`. */
  readonly version: string;
  readonly description: string;
  readonly conditions: readonly Rule[] | NamedConditions;
  readonly workflowConfigs: Readonly<Record<string, TemplateWorkflow>>;
  readonly otherwise?: string | null | undefined;
  /** Keys that callers may tell; every other key is read from trusted sources alone. */
  readonly untrusted?: readonly string[] | undefined;
}

/** What `register` takes. */
export interface TemplateInput extends Omit<WorkflowTemplate, "version" | "description"> {
  /** Default `1.0.0`. */
  readonly version?: string | undefined;
  readonly description?: string | undefined;
  /** Takes the place of the same name and version. */
  readonly replace?: boolean | undefined;
}

const NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/i;
const VERSION = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;
const KEYS: readonly string[] = [
  "name",
  "version",
  "description",
  "conditions",
  "workflowConfigs",
  "otherwise",
  "untrusted",
  "replace",
];

/** Templates by name and version. */
export class WorkflowTemplates {
  readonly #templates = new Map<string, Map<string, WorkflowTemplate>>();
  #count = 0;

  constructor(readonly max: number) {}

  /** All of them, by name, the newest version first. */
  list(): readonly WorkflowTemplate[] {
    return [...this.#templates.keys()].toSorted().flatMap((name) => this.#versions(name));
  }

  /**
   * @param version default: the newest
   * @throws GraphTapError TEMPLATE_UNKNOWN
   */
  get(name: string, version?: string): WorkflowTemplate {
    const found = version === undefined ? this.#versions(name)[0] : this.#templates.get(name)?.get(version);
    if (found !== undefined) return found;
    const known = this.list().map((template) => `${template.name} ${template.version}`);
    throw templateUnknown(String(name).slice(0, 64), version ?? null, known.slice(0, 16));
  }

  /**
   * Adds a template; its rules are checked now and not when somebody uses it.
   *
   * @throws GraphTapError COMPOSITION_INVALID, TEMPLATE_DUPLICATE
   */
  register(input: TemplateInput): WorkflowTemplate {
    const issues = issuesOf(input);
    if (issues.length > 0) throw compositionInvalid("templates.register", issues);
    const { replace = false, version = "1.0.0", description = "", ...rest } = input;
    const template: WorkflowTemplate = Object.freeze(structuredClone({ ...rest, version, description }));
    const versions = this.#templates.get(template.name) ?? new Map<string, WorkflowTemplate>();
    if (versions.has(version) && !replace) throw templateDuplicate(template.name, version);
    if (!versions.has(version)) {
      if (this.#count >= this.max)
        throw compositionInvalid("templates.register", [
          {
            path: "name",
            got: "one more",
            expected: `at most ${this.max} templates`,
            fix: "remove what nobody uses, or composition({ maxTemplates })",
          },
        ]);
      this.#count++;
    }
    versions.set(version, template);
    this.#templates.set(template.name, versions);
    return template;
  }

  /** Removes one version, or all of a name; false when there was none. Workflows made from it go on. */
  remove(name: string, version?: string): boolean {
    const versions = this.#templates.get(name);
    if (versions === undefined) return false;
    const gone = version === undefined ? versions.size : Number(versions.delete(version));
    if (version === undefined) versions.clear();
    if (versions.size === 0) this.#templates.delete(name);
    this.#count -= gone;
    return gone > 0;
  }

  #versions(name: string): readonly WorkflowTemplate[] {
    return [...(this.#templates.get(name)?.values() ?? [])].toSorted((a, b) => compare(b.version, a.version));
  }
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let index = 0; index < 3; index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function issuesOf(input: unknown): readonly CompositionIssue[] {
  const issues: CompositionIssue[] = [];
  const wrong = (path: string, got: unknown, expected: string, fix: string): void =>
    void issues.push({ path, got: described(got), expected, fix });
  if (!isRecord(input)) {
    wrong("template", input, "a template", 'register({ name: "desk", conditions, workflowConfigs })');
    return issues;
  }
  for (const key of Object.keys(input))
    if (!KEYS.includes(key))
      wrong(key.slice(0, 64), "an unknown key", KEYS.join(", "), `leave ${key.slice(0, 64)} out`);
  const { name, version, conditions, workflowConfigs, otherwise } = input;
  if (typeof name !== "string" || !NAME.test(name))
    wrong("name", name, "a name of letters, digits, _ . -", 'name: "customer_support"');
  if (version !== undefined && (typeof version !== "string" || !VERSION.test(version)))
    wrong("version", version, "three numbers", 'version: "1.0.0"');
  if (!isRecord(workflowConfigs) || !Object.values(workflowConfigs).every(isData)) {
    wrong(
      "workflowConfigs",
      workflowConfigs,
      "plain data for each workflow",
      'workflowConfigs: { default: { mode: "plain" } }',
    );
    return issues;
  }
  const fallback = Object.hasOwn(workflowConfigs, "default") ? "default" : undefined;
  try {
    compileRules({
      rules: conditions as NamedConditions,
      otherwise: otherwise === undefined ? fallback : (otherwise as string | null),
      targets: Object.keys(workflowConfigs),
    });
  } catch (error) {
    issues.push(...ruleIssues(error, "conditions"));
  }
  return issues;
}

/** Models, tools and retrievers belong to whoever makes a workflow of it. */
const isData = (value: unknown): boolean =>
  isRecord(value) &&
  Object.values(value).every((part) => part === null || typeof part !== "object") &&
  !Object.values(value).some((part) => typeof part === "function");
