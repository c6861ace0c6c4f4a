// Taken from the prototypes once: an instance can shadow `byteLength` or `buffer` with a getter of its own, these it cannot.
function reader(prototype: object, name: PropertyKey): (value: object) => unknown {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return (value) => get?.call(value) as unknown;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayName = reader(typedArray, Symbol.toStringTag);
const ofTypedArray = {
  buffer: reader(typedArray, "buffer"),
  offset: reader(typedArray, "byteOffset"),
  length: reader(typedArray, "byteLength"),
};
const ofDataView = {
  buffer: reader(DataView.prototype, "buffer"),
  offset: reader(DataView.prototype, "byteOffset"),
  length: reader(DataView.prototype, "byteLength"),
};

/**
 * Name and bytes of a typed array, DataView or (shared) array buffer; the bytes are a view, not a copy. A Buffer is a
 * Uint8Array; a buffer that was transferred away has no bytes.
 */
export function binaryParts(value: object): { name: string; bytes: Uint8Array } {
  if (!ArrayBuffer.isView(value)) return { name: "ArrayBuffer", bytes: view(value as ArrayBuffer) };
  const name = typedArrayName(value) as string | undefined;
  const of = name === undefined ? ofDataView : ofTypedArray;
  try {
    return {
      name: name ?? "DataView",
      bytes: view(of.buffer(value) as ArrayBuffer, of.offset(value) as number, of.length(value) as number),
    };
  } catch {
    // A DataView of a transferred buffer cannot even say how long it was.
    return { name: name ?? "DataView", bytes: new Uint8Array(0) };
  }
}

function view(buffer: ArrayBuffer, offset?: number, length?: number): Uint8Array {
  try {
    return new Uint8Array(buffer, offset, length);
  } catch {
    return new Uint8Array(0);
  }
}
