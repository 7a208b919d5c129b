// Shows that the checkers work: plants one fault after the other into a copy of the built product, and runs the test that
// must find it. node tools/seeded-faults.mjs [name …]; a fault that stays unfound, or a place that is gone, is a failure.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { seededFaults } from './seeded-faults-list.mjs';
import { resultsFolder, root } from './environment.mjs';
import { lackedByNativeStack } from './programs.mjs';
import { runVitest } from './run-vitest.mjs';

/** A copy of what was built, beside links to the packages that it needs from elsewhere. */
function copyProduct() {
  const product = mkdtempSync(join(tmpdir(), 'coffer-seeded-'));
  const modules = join(product, 'node_modules');
  mkdirSync(join(modules, '@coffer'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')).filter((name) => name !== '@coffer' && name !== '.bin')) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const folder of ['libs', 'apps']) {
    for (const name of readdirSync(join(root, folder))) {
      const [from, to] = [join(root, folder, name), join(product, folder, name)];
      if (!existsSync(join(from, 'dist'))) continue;
      cpSync(join(from, 'dist'), join(to, 'dist'), { recursive: true });
      cpSync(join(from, 'package.json'), join(to, 'package.json'));
      const own = join(from, 'node_modules');
      if (existsSync(own)) symlinkSync(own, join(to, 'node_modules'));
      symlinkSync(to, join(modules, '@coffer', name));
    }
  }
  cpSync(join(root, 'package.json'), join(product, 'package.json'));
  return product;
}

/** Bundles the copy's programs anew from its modules. */
async function bundleAll(product) {
  for (const app of readdirSync(join(product, 'apps'))) await bundle(join(product, 'apps', app));
}

/** Replaces the one place that the fault names. @returns what takes it back */
function plant(product, { name, file, from, to }) {
  const path = join(product, file);
  const before = readFileSync(path, 'utf8');
  if (before.split(from).length !== 2) throw new Error(`${name}: ${file} does not hold this once: ${from}`);
  // A file of a copy may share its content with nothing: it is written anew.
  writeFileSync(
    path,
    before.replace(from, () => to),
  );
  return () => writeFileSync(path, before);
}

/** @returns why the fault counts as unfound, or nothing */
function search(product, { name, stack, test, finds, settings = {} }) {
  const results = join(resultsFolder, `seeded-${name}.json`);
  rmSync(results, { force: true });
  const additions = { COFFER_E2E_STACK: stack, COFFER_E2E_PRODUCT: product, ...settings };
  if (runVitest(results, ['--config', 'e2e/vitest.config.ts', '--bail=1', test], additions) === 0) return 'not found';
  const { failures } = JSON.parse(readFileSync(results, 'utf8'));
  const told = failures.flatMap((failure) => [failure.name, ...failure.lines]).join('\n');
  return finds.test(told) ? undefined : `the test failed otherwise than by ${finds}:\n${told}`;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !seededFaults.some((fault) => fault.name === name));
if (unknown.length > 0) {
  console.error(`usage: node tools/seeded-faults.mjs [${seededFaults.map(({ name }) => name).join(' | ')}] …`);
  process.exit(2);
}

const product = copyProduct();
const counts = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
try {
  for (const fault of seededFaults.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const lacking = fault.stack === 'native' ? lackedByNativeStack() : undefined;
    if (lacking !== undefined && process.env.CI !== 'true') {
      counts.skipped += 1;
      lines.push(`skipped  ${fault.name}: ${lacking}`);
      continue;
    }
    console.log(`\n=== planted: ${fault.name} (${fault.about})`);
    const started = Date.now();
    let problem;
    try {
      const takeBack = plant(product, fault);
      await bundleAll(product);
      problem = search(product, fault);
      takeBack();
    } catch (error) {
      problem = error.message;
    }
    counts[problem === undefined ? 'passed' : 'failed'] += 1;
    const seconds = Math.round((Date.now() - started) / 1000);
    lines.push(problem === undefined ? `found    ${fault.name} in ${seconds} s` : `FAILED   ${fault.name}: ${problem}`);
  }
} finally {
  rmSync(product, { recursive: true, force: true });
}
console.log(`\n=== seeded faults\n${lines.join('\n')}`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
