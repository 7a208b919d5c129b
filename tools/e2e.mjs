// Runs the end-to-end suites on one stack: node tools/e2e.mjs --stack embedded|native [vitest arguments]
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { resultsFolder } from './environment.mjs';
import { runVitest } from './run-vitest.mjs';

const [flag, stack, ...rest] = process.argv.slice(2);
if (flag !== '--stack' || !['embedded', 'native'].includes(stack)) {
  console.error('usage: node tools/e2e.mjs --stack embedded|native [vitest arguments]');
  process.exit(2);
}
const results = join(resultsFolder, `e2e-${stack}.json`);
rmSync(results, { force: true });
process.exitCode = runVitest(results, ['--config', 'e2e/vitest.config.ts', ...rest], { COFFER_E2E_STACK: stack });
