// Runs vitest with what a run in containers tells it: suites.mjs RESULTS ARGUMENT…, servers named by COFFER_E2E_*.
import { runVitest } from '../run-vitest.mjs';

const [results, ...args] = process.argv.slice(2);
const server = Object.fromEntries(
  Object.entries(process.env).filter(([variable]) => variable.startsWith('COFFER_E2E_')),
);
process.exitCode = runVitest(results, args, server);
