import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspace } from '../harness/paths.ts';

/** The version of an npm package as installed. */
export function moduleVersion(name: string): string {
  const file = join(workspace, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
