/** What kind of failure it was. */
export type ErrorCategory =
  | "cancelled"
  | "timeout"
  | "quota_exhausted"
  | "rate_limited"
  | "authentication"
  | "permission"
  | "not_found"
  | "context_length"
  | "content_filter"
  | "invalid_request"
  | "provider_unavailable"
  | "network"
  | "output_parsing"
  | "tool"
  | "retrieval"
  | "graph"
  | "policy"
  | "storage"
  | "internal"
  | "unknown";

/** Whose failure it was; for the first place to look. */
export type Blame = "caller" | "app" | "operator" | "provider" | "network" | "model" | "policy" | "unknown";

export interface Classified {
  readonly category: ErrorCategory;
  /** Whether the same call may go well a moment later; null where nobody can say. */
  readonly retryable: boolean | null;
  readonly blame: Blame;
}

const ABOUT: Readonly<Record<ErrorCategory, readonly [retryable: boolean | null, blame: Blame]>> = {
  cancelled: [false, "caller"],
  timeout: [true, "provider"],
  quota_exhausted: [false, "operator"],
  rate_limited: [true, "provider"],
  authentication: [false, "operator"],
  permission: [false, "operator"],
  not_found: [false, "app"],
  context_length: [false, "app"],
  content_filter: [false, "policy"],
  invalid_request: [false, "app"],
  provider_unavailable: [true, "provider"],
  network: [true, "network"],
  output_parsing: [null, "model"],
  tool: [null, "app"],
  retrieval: [null, "app"],
  graph: [false, "app"],
  policy: [false, "policy"],
  storage: [true, "operator"],
  internal: [false, "app"],
  unknown: [null, "unknown"],
};

/** What an error shows of itself. Never its message: that may be a user's or a tool's text. */
interface Evidence {
  /** `name` and the name of its class: provider SDKs leave `name` at "Error". */
  readonly names: readonly string[];
  /** Codes, types and LangChain's own code. */
  readonly codes: readonly string[];
  readonly status: number | null;
  /** Whether it is an error of this framework. */
  readonly ours: boolean;
}

type Rule = (evidence: Evidence) => boolean;
const named =
  (...names: readonly string[]): Rule =>
  (evidence) =>
    evidence.names.some((name) => names.includes(name));
const coded =
  (...codes: readonly string[]): Rule =>
  (evidence) =>
    evidence.codes.some((code) => codes.includes(code));
const answered =
  (...statuses: readonly number[]): Rule =>
  ({ status }) =>
    status !== null && statuses.includes(status);

/** In this order: a quota that is used up comes as a 429, a context that is too long as a 400. */
const RULES: readonly (readonly [ErrorCategory, ...Rule[]])[] = [
  [
    "cancelled",
    named("AbortError", "APIUserAbortError", "ModelAbortError"),
    coded("MODEL_ABORTED", "ABORTED", "ABORT_ERR"),
    answered(499),
  ],
  [
    "timeout",
    named("TimeoutError", "NodeTimeoutError", "APIConnectionTimeoutError", "ModelTimeoutException"),
    coded(
      "TIMEOUT",
      "MODEL_STREAM_TIMEOUT",
      "ETIMEDOUT",
      "UND_ERR_CONNECT_TIMEOUT",
      "UND_ERR_HEADERS_TIMEOUT",
      "UND_ERR_BODY_TIMEOUT",
      "HOOK_TIMEOUT",
      "GUARD_TIMEOUT",
      "MEMBER_TIMEOUT",
      "COMPOSITE_TIMEOUT",
    ),
    answered(408, 504),
  ],
  [
    "quota_exhausted",
    named(
      "InsufficientQuotaError",
      "RateLimitQuotaExhaustedError",
      "PaymentRequiredError",
      "ServiceQuotaExceededException",
    ),
    coded("insufficient_quota", "billing_error", "billing_hard_limit_reached"),
    answered(402),
  ],
  [
    "rate_limited",
    named("RateLimitError", "ThrottlingException"),
    coded("MODEL_RATE_LIMIT", "RESOURCE_EXHAUSTED", "Throttling", "rate_limit_exceeded", "rate_limit_error"),
    answered(429),
  ],
  [
    "authentication",
    named("AuthenticationError", "UnrecognizedClientException"),
    coded("MODEL_AUTHENTICATION", "invalid_api_key", "authentication_error", "UNAUTHENTICATED"),
    answered(401),
  ],
  [
    "permission",
    named("PermissionDeniedError", "AccessDeniedException"),
    coded("permission_error", "PERMISSION_DENIED"),
    answered(403),
  ],
  [
    "context_length",
    named("ContextOverflowError"),
    coded("CONTEXT_OVERFLOW", "context_length_exceeded", "request_too_large"),
    answered(413),
  ],
  [
    "content_filter",
    named("ContentFilterFinishReasonError", "ModelRefusalError", "OpenAIModerationError"),
    coded("content_filter", "content_policy_violation", "SAFETY"),
  ],
  [
    "graph",
    named("GraphRecursionError", "InvalidUpdateError", "RemoteException"),
    coded("GRAPH_RECURSION_LIMIT", "INVALID_CONCURRENT_GRAPH_UPDATE", "INVALID_GRAPH_NODE_RETURN_VALUE"),
  ],
  [
    "not_found",
    named("NotFoundError", "GraphValueError", "StateGraphInputError", "MultipleToolsBoundError"),
    coded("MODEL_NOT_FOUND", "MISSING_CHECKPOINTER", "UNREACHABLE_NODE", "model_not_found", "not_found_error"),
    answered(404),
  ],
  [
    "output_parsing",
    named(
      "OutputParserException",
      "StructuredOutputParsingError",
      "MultipleStructuredOutputsError",
      "LengthFinishReasonError",
    ),
    coded("OUTPUT_PARSING_FAILURE"),
  ],
  ["tool", named("ToolInvocationError", "ToolInputParsingException"), coded("INVALID_TOOL_RESULTS")],
  [
    "storage",
    coded(
      "SQLITE_BUSY",
      "SQLITE_FULL",
      "SQLITE_CORRUPT",
      "ENOSPC",
      "EROFS",
      "53300",
      "57P01",
      "57P03",
      "AUDIT_NOT_WRITTEN",
    ),
  ],
  [
    "network",
    named("APIConnectionError"),
    coded(
      "ECONNREFUSED",
      "ECONNRESET",
      "ECONNABORTED",
      "EPIPE",
      "ENOTFOUND",
      "EAI_AGAIN",
      "EHOSTUNREACH",
      "ENETUNREACH",
      "UND_ERR_SOCKET",
    ),
  ],
  [
    "invalid_request",
    named(
      "BadRequestError",
      "UnprocessableEntityError",
      "ValidationException",
      "EmptyInputError",
      "UnknownInterruptError",
      "ZodError",
    ),
    coded("INVALID_PROMPT_INPUT", "MESSAGE_COERCION_FAILURE", "invalid_request_error", "INVALID_ARGUMENT"),
    answered(400, 405, 409, 415, 422),
  ],
  [
    "provider_unavailable",
    named("InternalServerError", "ModelNotReadyException", "ServiceUnavailableException"),
    coded("overloaded_error", "api_error", "UNAVAILABLE", "server_error"),
    ({ status }) => status !== null && status >= 500,
  ],
  ["internal", named("RangeError", "ReferenceError", "SyntaxError", "TypeError", "EvalError")],
];

/** Where it happened says what it was, when it does not say so itself. */
const BY_PLACE = { model: "unknown", tool: "tool", run: "graph", retrieval: "retrieval", manual: "unknown" } as const;

/** How deep a chain of causes is followed; it may be endless. */
const DEEPEST = 10;

/**
 * The category of a failure, by what its error says of itself: classes, codes, status. The first link of the chain of
 * causes that says more than that the program is wrong decides. Matched by name and shape, for there may be several copies of a package.
 *
 * @example
 * classify(Object.assign(new Error("slow down"), { status: 429 }), "model"); // { category: "rate_limited", retryable: true, blame: "provider" }
 */
export function classify(error: unknown, where: keyof typeof BY_PLACE): Classified {
  let link = error;
  let vague: ErrorCategory | null = null;
  for (let depth = 0; depth < DEEPEST && typeof link === "object" && link !== null; depth++) {
    const category = categoryOf(link, where);
    // `TypeError: fetch failed` is what a refused connection is wrapped in: its cause knows better.
    if (category === "internal") vague ??= category;
    else if (category !== null) return about(category);
    link = read(link, "cause") ?? first(read(link, "errors"));
  }
  return about(vague ?? BY_PLACE[where]);
}

const about = (category: ErrorCategory): Classified => {
  const [retryable, blame] = ABOUT[category];
  return { category, retryable, blame };
};

function categoryOf(error: object, where: keyof typeof BY_PLACE): ErrorCategory | null {
  const evidence = evidenceOf(error);
  if (where !== "tool" && evidence.names.includes("DeniedError")) return "policy";
  // What goes wrong inside a tool is the tool's, but for what somebody else did to it.
  const rules = where === "tool" ? RULES.slice(0, 2) : RULES;
  const found = rules.find(([, ...tests]) => tests.some((test) => test(evidence)))?.[0] ?? null;
  if (found !== null) return found;
  return evidence.ours && where !== "tool" ? "internal" : null;
}

function evidenceOf(error: object): Evidence {
  const inner = read(error, "error");
  const response = read(error, "response");
  const texts = (...values: readonly unknown[]): string[] =>
    values.flatMap((value) => (typeof value === "string" ? [value] : typeof value === "number" ? [String(value)] : []));
  const within = typeof inner === "object" && inner !== null ? [read(inner, "code"), read(inner, "type")] : [];
  const status = [
    read(error, "status"),
    read(error, "statusCode"),
    isObject(response) ? read(response, "status") : null,
  ];
  return {
    names: texts(read(error, "name"), classNameOf(error)),
    codes: texts(read(error, "lc_error_code"), read(error, "code"), read(error, "type"), ...within),
    status: status.find((value): value is number => typeof value === "number") ?? null,
    ours: read(error, Symbol.for("graphtap.error")) === true,
  };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const first = (errors: unknown): unknown => (Array.isArray(errors) ? errors[0] : undefined);
const classNameOf = (error: object): unknown => {
  const made = read(error, "constructor");
  return typeof made === "function" ? read(made, "name") : null;
};

/** A getter that throws has nothing to say. */
export function read(from: object, key: PropertyKey): unknown {
  try {
    return (from as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}
