import { customStack } from "./custom-stack.js";

await customStack((text) => console.log(text));
