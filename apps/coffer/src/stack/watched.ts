import { fileURLToPath } from 'node:url';

/** The module that ends a process with its supervisor: for `node --import`. */
export const watchdog = fileURLToPath(new URL('watchdog.js', import.meta.url));
