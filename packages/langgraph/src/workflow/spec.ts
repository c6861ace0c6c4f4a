export interface WorkflowSpec { readonly mode: string }
export type AnyWorkflowSpec = unknown;
export type Workflow = object;
export interface WorkflowIssue { readonly path: string; readonly message: string }
