// Runs end-to-end suites against a server that runs already: suites.mjs NAME SUITE…, the server named by COFFER_E2E_*.
// A process of its own, so that the run which starts it stays able to act on a signal.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { resultsFolder } from '../environment.mjs';
import { runVitest } from '../run-vitest.mjs';

const [name, ...suites] = process.argv.slice(2);
const results = join(resultsFolder, `e2e-${name}.json`);
rmSync(results, { force: true });
const server = Object.fromEntries(
  Object.entries(process.env).filter(([variable]) => variable.startsWith('COFFER_E2E_')),
);
process.exitCode = runVitest(
  results,
  ['--config', 'e2e/vitest.config.ts', ...suites.map((each) => `src/${each}.e2e.ts`)],
  server,
);
