// `npm test`: builds, runs each project's tests through Nx (cached), then the end-to-end suites: on embedded mode
// everywhere, on the native stack where its programs are. The last line is `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, node, resultsFolder, root } from './environment.mjs';
import { lackedByNativeStack, programs } from './programs.mjs';

const NX = 'node_modules/nx/dist/bin/nx.js';
const inCi = process.env.CI === 'true';
const suites = [];
const failedSuite = (name) => ({ passed: 0, failed: 1, skipped: 0, failures: [{ name, lines: [] }], skips: [] });
const skippedSuite = (reason) => ({ passed: 0, failed: 0, skipped: 1, failures: [], skips: [{ reason }] });
const add = (name, results, started) =>
  suites.push({ name, ...results, seconds: started && (Date.now() - started) / 1000 });

function run(title, args) {
  console.log(`\n=== ${title}`);
  return spawnSync(node, args, { cwd: root, stdio: 'inherit', env: cleanEnvironment() }).status === 0;
}

/** What a suite wrote; a suite that ended badly has failed, whatever it wrote. */
function results(name, ended) {
  const file = join(resultsFolder, `${name}.json`);
  if (!existsSync(file)) return failedSuite('did not run: it left no results');
  const read = JSON.parse(readFileSync(file, 'utf8'));
  if (!ended && read.failed === 0)
    return { ...read, failed: 1, failures: [{ name: 'ended with an error outside of its tests', lines: [] }] };
  return read;
}

/** The last part of each project's name: `@coffer/bus` writes `bus.json`. */
function testedProjects() {
  const args = [NX, 'show', 'projects', '--with-target', 'test', '--json'];
  const done = spawnSync(node, args, { cwd: root, encoding: 'utf8', env: cleanEnvironment() });
  if (done.status !== 0) throw new Error(`Nx does not list the projects:\n${done.stdout}${done.stderr}`);
  return JSON.parse(done.stdout.slice(done.stdout.indexOf('[')))
    .map((name) => name.split('/').pop())
    .sort();
}

function runPrograms() {
  const missing = Object.values(programs()).flatMap((program) => program.missing ?? []);
  if (inCi && missing.length > 0) {
    const failures = missing.map((name) => ({ name, lines: [] }));
    add('programs', { ...failedSuite(''), failed: missing.length, failures });
  }
}

function runProjects() {
  rmSync(resultsFolder, { recursive: true, force: true });
  const projects = testedProjects();
  if (!run('build', [NX, 'run-many', '-t', 'build', '--outputStyle=static']))
    add('build', failedSuite('does not build'));
  const started = Date.now();
  run('tests of each project', [NX, 'run-many', '-t', 'test', '--outputStyle=static']);
  // Nx puts the results of cached tests back; a failing project says so in its own results.
  for (const project of projects) add(project, results(project, true));
  console.log(`\nThe tests of ${projects.length} projects took ${Math.round((Date.now() - started) / 1000)} s.`);
}

function runEndToEnd(stack) {
  const name = `e2e-${stack}`;
  const lacking = stack === 'native' ? lackedByNativeStack() : undefined;
  if (lacking !== undefined) return add(name, (inCi ? failedSuite : skippedSuite)(`the native stack: ${lacking}`));
  const started = Date.now();
  const ended = run(`end to end, ${stack}`, ['tools/e2e.mjs', '--stack', stack]);
  return add(name, results(name, ended), started);
}

/** One line for each file and reason; a skip that gives no reason is named by its test. */
function printSkips({ name, skips }) {
  const counts = new Map();
  for (const { file, test, reason } of skips) {
    const line = `${file ?? name}: ${reason || test}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  for (const [line, count] of counts) console.log(`  skipped ${count} in ${line}`);
}

function summarize() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  console.log('\n=== summary');
  for (const suite of suites) {
    for (const part of Object.keys(total)) total[part] += suite[part];
    const { name, passed, failed, skipped, failures, seconds } = suite;
    const empty = passed + failed + skipped === 0 ? ' (it has no tests)' : '';
    const time = seconds === undefined ? '' : ` in ${Math.round(seconds)} s`;
    console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped${empty}${time}`);
    for (const failure of failures) console.log([`  FAILED ${failure.name}`, ...failure.lines].join('\n      '));
    printSkips(suite);
  }
  if (total.passed + total.failed === 0) {
    total.failed = 1;
    console.log('FAILED no test ran');
  }
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(join(resultsFolder, 'summary.json'), `${JSON.stringify(total)}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0;
}

try {
  runPrograms();
  runProjects();
  runEndToEnd('embedded');
  runEndToEnd('native');
} catch (error) {
  add('test run', failedSuite(error instanceof Error ? error.message : String(error)));
}
process.exitCode = summarize() ? 0 : 1;
