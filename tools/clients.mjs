// Runs real S3 clients, each in one cell of the matrix or in all:
//   node tools/clients.mjs [--turn N | --all] [--stack embedded|native] [--cell NAME]… [CLIENT…]
// A cell is a stack, a scheme and a style: native-https-virtual. Without --all each client runs in one cell: the clients
// take turns over the cells, and the commit decides who is where (--turn N: the number decides).
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { turnNow, turns } from './clients/cells.mjs';
import { isBuilt, OWN_PROGRAMS } from './clients/own-programs.mjs';
import { withOwnHosts } from './clients/own-hosts.mjs';
import { clientsPath } from './clients/places.mjs';
import { printTable } from './clients/table.mjs';
import { resultsFolder, root } from './environment.mjs';
import { lackedByNativeStack } from './programs.mjs';
import { runVitest } from './run-vitest.mjs';

const SUFFIX = '.client.ts';
const all = readdirSync(join(root, 'e2e', 'src', 'clients'))
  .filter((name) => name.endsWith(SUFFIX))
  .map((name) => name.slice(0, -SUFFIX.length))
  .sort();

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      turn: { type: 'string' },
      stack: { type: 'string', multiple: true },
      cell: { type: 'string', multiple: true },
    },
  });
  const unknown = positionals.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`no such client: ${unknown.join(', ')}; there are: ${all.join(', ')}`);
  const turn = values.turn === undefined ? turnNow() : Number(values.turn);
  if (!Number.isSafeInteger(turn)) throw new Error('--turn takes a number');
  return { ...values, turn, clients: positionals };
}

/** What the suites write where they run, for a stack that cannot be started: in CI that is a failure. */
function writeLacking(results, reason) {
  console.log(`skipped: ${reason}`);
  const failed = process.env.CI === 'true';
  const counts = failed
    ? { passed: 0, failed: 1, skipped: 0, failures: [{ name: reason, lines: [] }], skips: [] }
    : { passed: 0, failed: 0, skipped: 1, failures: [], skips: [{ reason }] };
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(results, `${JSON.stringify(counts, undefined, 1)}\n`);
  return { failed };
}

/** The results of one stack, or undefined when there is nothing to run on it. */
function runOn(stack, given) {
  const results = join(resultsFolder, `clients-${stack}.json`);
  const seen = join(resultsFolder, `clients-${stack}-cells.json`);
  for (const file of [results, seen]) rmSync(file, { force: true });
  const clients = Object.keys(given);
  if (clients.length === 0) return undefined;
  const lacking = stack === 'native' ? lackedByNativeStack() : undefined;
  if (lacking !== undefined) return writeLacking(results, `the native stack: ${lacking}`);
  const hosts = withOwnHosts();
  const code = runVitest(
    results,
    [
      '--config',
      'e2e/vitest.clients.config.ts',
      '--reporter=./tools/clients/cells-reporter.mjs',
      ...clients.map((name) => `src/clients/${name}${SUFFIX}`),
    ],
    {
      ...clientsPath(),
      ...hosts.env,
      COFFER_E2E_STACK: stack,
      COFFER_CLIENTS_BUILT: Object.keys(OWN_PROGRAMS).filter(isBuilt).join(','),
      COFFER_CLIENT_CELLS: JSON.stringify(given),
      CLIENTS_CELLS_FILE: seen,
    },
    hosts.within,
  );
  hosts.remove();
  return { failed: code !== 0, seen: existsSync(seen) ? seen : undefined };
}

function main() {
  const { all: everywhere, turn, stack, cell, clients } = options();
  const wanted = turns(all, { everywhere, turn, stack, cell, clients });
  console.log(everywhere ? 'Every client in every cell.' : `Turn ${turn}: each client in one cell.`);
  for (const [name, cells] of wanted) console.log(`  ${name}: ${cells.join(', ')}`);
  const runs = ['embedded', 'native'].map((on) => {
    const mine = wanted.map(([name, cells]) => [name, cells.filter((one) => one.startsWith(`${on}-`))]);
    const given = mine
      .filter(([, cells]) => cells.length > 0)
      .map(([name, cells]) => [name, cells.map((one) => one.slice(on.length + 1))]);
    return runOn(on, Object.fromEntries(given));
  });
  printTable(runs.flatMap((run) => run?.seen ?? []));
  if (runs.every((run) => run === undefined)) throw new Error('nothing was to be run');
  process.exitCode = runs.some((run) => run?.failed) ? 1 : 0;
}

try {
  main();
} catch (error) {
  console.error(`clients: ${error.message}`);
  process.exitCode = 2;
}
