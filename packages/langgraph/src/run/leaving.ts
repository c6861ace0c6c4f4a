interface Leavable {
  readonly signal: AbortSignal;
  return(): Promise<unknown>;
  cancel(reason?: unknown): Promise<unknown>;
}

const isLeavable = (stream: unknown): stream is Leavable =>
  typeof stream === "object" &&
  stream !== null &&
  (stream as Partial<Leavable>).signal instanceof AbortSignal &&
  typeof (stream as Leavable).return === "function" &&
  typeof (stream as Leavable).cancel === "function";

/**
 * The stream of a run, heard when its consumer leaves. Versions of LangGraph before 1.7 let such a run go on with nobody
 * to read it: it would spend to its end, and never be seen to end. Where LangGraph hears it, this adds nothing.
 */
export function heardLeaving<S>(stream: S): S {
  if (!isLeavable(stream)) return stream;
  const leave = stream.return;
  const heard = async (): Promise<unknown> => {
    const left = await leave.call(stream);
    if (!stream.signal.aborted) await stream.cancel();
    return left;
  };
  return Object.defineProperty(stream, "return", { value: heard, configurable: true, writable: true });
}
