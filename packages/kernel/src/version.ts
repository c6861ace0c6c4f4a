/** Version of this copy of the kernel; a test holds it equal to package.json. */
export const KERNEL_VERSION = "0.0.0";

/** The contract between kernel and plugins. It changes only when a plugin built for the old one could not run. */
export const KERNEL_API = 1;

/** Where this copy of the kernel was loaded from, so that a clash of two copies can name both. */
export const KERNEL_PATH: string = import.meta.url;
