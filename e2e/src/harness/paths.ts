import { join } from 'node:path';

export const workspace = join(import.meta.dirname, '..', '..', '..');

/** The command line of the product, as built. */
export const cofferMain = join(workspace, 'apps', 'coffer', 'dist', 'main.js');
