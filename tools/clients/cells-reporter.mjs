// A vitest reporter: which client of which version was seen in which cell, for the table at the end of a run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const TITLE = /^(?<client>\S+)(?: (?<version>\S+))? over (?<cell>\S+)$/;

function outcome(suite) {
  const results = [...suite.children.allTests()].map((test) => test.result());
  const count = (state) => results.filter((result) => result.state === state).length;
  const reasons = [...new Set(results.flatMap(({ state, note }) => (state === 'skipped' && note ? note : [])))];
  const failed = results.length - count('passed') - count('skipped');
  return { passed: count('passed'), failed: failed + suite.errors().length, reasons };
}

export default class CellsReporter {
  onTestRunEnd(modules) {
    const file = process.env.CLIENTS_CELLS_FILE;
    if (!file) throw new Error('CLIENTS_CELLS_FILE names no file');
    const cells = modules.flatMap((module) =>
      [...module.children.suites()].flatMap((suite) => {
        const title = TITLE.exec(suite.name)?.groups;
        const took = Math.round(module.diagnostic().duration);
        return title ? [{ ...title, stack: process.env.COFFER_E2E_STACK, took, ...outcome(suite) }] : [];
      }),
    );
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(cells, undefined, 1)}\n`);
  }
}
