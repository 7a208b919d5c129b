// A vitest reporter: writes what a summary needs to the file that RESULTS_FILE names, and nothing else. Vitest's own
// JSON report holds neither why a test was skipped nor errors outside of tests.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const SAID = /^skipped: (.+)$/gm;
/** Of an error, what is kept: with these a failure is understood where the log was cut. */
const MOST_LINES = 15;
const MOST_CHARACTERS = 300;

/** The beginnings of the first lines of an error: its message, the difference that it found, where it was thrown. */
function told(error) {
  if (error === undefined) return [];
  const message = String(error.message ?? error);
  const at = String(error.stack ?? '')
    .split('\n')
    .find((line) => /^\s+at .*\.m?[jt]s:\d/.test(line) && !line.includes('node_modules'));
  const lines = stripVTControlCharacters([message, error.diff].filter(Boolean).join('\n')).split('\n');
  const kept = lines.filter((line) => line.trim() !== '').slice(0, at === undefined ? MOST_LINES : MOST_LINES - 1);
  return [...kept, ...(at === undefined ? [] : [at.trim()])].map((line) => line.slice(0, MOST_CHARACTERS));
}

/** Whether a suite around the test, or its file, failed before the test could start. */
function setupFailed(test) {
  for (let around = test.parent; around; around = around.parent) if (around.errors().length > 0) return true;
  return false;
}

export default class ResultsReporter {
  /** Reasons that a file printed as `skipped: …` while it was loaded, by path. */
  #said = new Map();
  #names = new Map();

  onTestModuleQueued(module) {
    this.#names.set(module.id, module.relativeModuleId);
  }

  onUserConsoleLog({ content, taskId }) {
    const file = this.#names.get(taskId) ?? '';
    const reasons = [...content.matchAll(SAID)].map(([, reason]) => reason.trim());
    if (reasons.length > 0) this.#said.set(file, [...new Set([...(this.#said.get(file) ?? []), ...reasons])]);
  }

  onTestRunEnd(modules, unhandled, end) {
    const file = process.env.RESULTS_FILE;
    if (!file) throw new Error('RESULTS_FILE names no file');
    const results = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
    const fail = (name, error) => {
      results.failed += 1;
      results.failures.push({ name, lines: told(error) });
    };
    for (const module of modules) this.#count(module, results, fail);
    for (const error of unhandled) fail('outside of any test', error);
    if (end === 'interrupted') fail('interrupted before the end');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
  }

  #count(module, results, fail) {
    const path = module.relativeModuleId;
    for (const error of module.errors()) fail(path, error);
    for (const suite of module.children.allSuites()) {
      for (const error of suite.errors()) fail(`${path} > ${suite.fullName}`, error);
    }
    const said = this.#said.get(path) ?? this.#said.get('') ?? [];
    for (const test of module.children.allTests()) {
      const { state, note, errors } = test.result();
      if (state === 'passed') results.passed += 1;
      else if (state === 'failed') fail(`${path} > ${test.fullName}`, errors?.[0]);
      else if (state === 'skipped') {
        results.skipped += 1;
        const reason = setupFailed(test) ? 'its setup failed' : (note ?? said.join('; '));
        results.skips.push({ file: path, test: test.fullName, reason });
      } else fail(`${path} > ${test.fullName}: never finished`);
    }
  }
}
