import { join } from 'node:path';

export const workspace = join(import.meta.dirname, '..', '..', '..');

/** The product as built: here, or where `COFFER_E2E_PRODUCT` says (a copy with a fault planted into it, for example). */
export const product = process.env['COFFER_E2E_PRODUCT'] ?? workspace;

/** The command line of the product. */
export const cofferMain = join(product, 'apps', 'coffer', 'dist', 'program', 'main.js');
