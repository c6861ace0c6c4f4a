import { existsSync } from "node:fs";
import type { Stack } from "@graphtap/langgraph";
import type { Flags } from "../cli/flags.js";
import type { Io } from "../cli/io.js";
import { stackNotFound } from "../errors.js";
import { chooseStack } from "./choose.js";
import { CONFIG_FILES, locateStack, type StackReference } from "./reference.js";

/** A stack that has started. */
export interface Opened {
  readonly stack: Stack;
  readonly reference: StackReference;
  /** Exports of the module it came from. */
  readonly module: Readonly<Record<string, unknown>>;
  /** Milliseconds. */
  readonly took: { readonly import: number; readonly ready: number };
}

export const referenceOf = (io: Io, flags: Flags): StackReference | null =>
  locateStack({ flag: flags.text("stack"), variable: io.env["GRAPHTAP_STACK"], folder: io.cwd }, existsSync);

/** @throws GraphTapError STACK_NOT_FOUND */
export function demandReference(io: Io, flags: Flags): StackReference {
  const reference = referenceOf(io, flags);
  if (reference === null) throw stackNotFound(io.cwd, CONFIG_FILES);
  return reference;
}

/** Loads and starts a stack, hands it over, and disposes it whatever happened. */
export async function withStack<T>(
  io: Io,
  reference: StackReference,
  use: (opened: Opened) => T | Promise<T>,
): Promise<T> {
  const began = io.now();
  const module = await io.modules.load(reference.path);
  const stack = chooseStack(module, reference);
  const imported = io.now();
  let result: T;
  try {
    await stack.ready();
    const took = { import: imported - began, ready: io.now() - imported };
    result = await use({ stack, reference, module, took });
  } catch (error) {
    // The first error is the one to read: what dispose adds is usually its consequence.
    await stack.dispose().catch(() => undefined);
    throw error;
  }
  await stack.dispose();
  return result;
}
