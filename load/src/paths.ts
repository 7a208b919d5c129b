import { join, resolve } from 'node:path';

export const workspace: string = resolve(import.meta.dirname, '..', '..');
export const cofferMain: string = join(workspace, 'apps', 'coffer', 'dist', 'program', 'main.js');
/** The same program as modules, into which a module loaded before it can reach. */
export const cofferModules: string = join(workspace, 'apps', 'coffer', 'dist', 'main.js');
export const clientSources: string = join(workspace, 'load', 'client');
export const clientProgram: string = join(clientSources, 'build', 'load-client');
