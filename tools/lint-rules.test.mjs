// Each forbidden import is put into the project it is forbidden in, and the lint must report it. This happens in a copy
// of the workspace, so that no other task ever sees such a file.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, node, root } from './environment.mjs';

const BOUNDARY = '@nx(enforce-module-boundaries)';
const RESTRICTED = 'eslint(no-restricted-imports)';

/** [what is imported, the folder that imports it, the import, the rule that must report it, the ending of the file] */
const forbidden = [
  ['an app in an app', 'apps/gateway/src', "import { x } from '@coffer/kms';", BOUNDARY],
  ['an app in a lib', 'libs/service-kit/src', "import { x } from '@coffer/kms';", BOUNDARY],
  ['an app in a test of another app', 'apps/gateway/src', "import { x } from '@coffer/kms';", BOUNDARY, '.test.ts'],
  ['an app in an app, loaded later', 'apps/gateway/src', "export const x = import('@coffer/kms');", BOUNDARY],
  ['an app in an app, exported on', 'apps/gateway/src', "export { x } from '@coffer/kms';", BOUNDARY],
  ['the bus in contracts', 'libs/contracts/src', "import { x } from '@coffer/bus';", BOUNDARY],
  ['a pure lib in contracts', 'libs/contracts/src', "import { x } from '@coffer/sigv4';", BOUNDARY],
  ['a package that is no schema library in contracts', 'libs/contracts/src', "import x from 'pg';", BOUNDARY],
  ['NestJS in contracts', 'libs/contracts/src', "import { x } from '@nestjs/common';", BOUNDARY],
  ['a file system in contracts', 'libs/contracts/src', "import { x } from 'node:fs';", RESTRICTED],
  ...['sigv4', 'iam-policy', 'sealed-stream', 'aws-wire'].flatMap((lib) => [
    [`the file system in ${lib}`, `libs/${lib}/src`, "import { readFileSync } from 'node:fs';", RESTRICTED],
    [`the file system's promises in ${lib}`, `libs/${lib}/src`, "import { x } from 'node:fs/promises';", RESTRICTED],
    [`the network in ${lib}`, `libs/${lib}/src`, "import { connect } from 'net';", RESTRICTED],
    [`Postgres in ${lib}`, `libs/${lib}/src`, "import pg from 'pg';", BOUNDARY],
    [`NestJS in ${lib}`, `libs/${lib}/src`, "import { x } from '@nestjs/common';", BOUNDARY],
    [`NATS in ${lib}`, `libs/${lib}/src`, "import { x } from '@nats-io/transport-node';", BOUNDARY],
    [`contracts in ${lib}`, `libs/${lib}/src`, "import { x } from '@coffer/contracts';", BOUNDARY],
  ]),
  ['testing in an app', 'apps/kms/src', "import { x } from '@coffer/testing';", BOUNDARY],
  ['testing in a lib', 'libs/database/src', "import { x } from '@coffer/testing';", BOUNDARY],
  ['a test kit in product code', 'apps/kms/src', "import { x } from './testkit/x.ts';", RESTRICTED],
  ['vitest in product code', 'libs/bus/src', "import { vi } from 'vitest';", RESTRICTED],
  ['the inside of a lib, by its name', 'apps/kms/src', "import { x } from '@coffer/bus/src/index.ts';", RESTRICTED],
  ['the build of a lib', 'apps/kms/src', "import { x } from '@coffer/bus/dist/retry.js';", RESTRICTED],
  [
    'the inside of a lib, in a test',
    'apps/kms/src',
    "import { x } from '@coffer/bus/src/x.ts';",
    RESTRICTED,
    '.test.ts',
  ],
  ['a lib by a relative path', 'apps/kms/src', "import { x } from '../../../libs/bus/src/index.ts';", BOUNDARY],
  ['an app by a relative path', 'apps/kms/src', "import { x } from '../../gateway/src/index.ts';", BOUNDARY],
  [
    'an app by a relative path, in a test',
    'apps/kms/src',
    "import { x } from '../../gateway/src/index.ts';",
    BOUNDARY,
    '.test.ts',
  ],
  ['the all-in-one in the tools', 'tools', "import { x } from '@coffer/coffer';", BOUNDARY, '.mjs'],
];

/** As above, without a rule. */
const allowed = [
  ['a lib in an app', 'apps/kms/src', "export { x } from '@coffer/bus';"],
  ['the early check of Node', 'apps/kms/src', "import '@coffer/service-kit/require-node';"],
  ['testing in a test', 'apps/kms/src', "export { x } from '@coffer/testing';", '.test.ts'],
  ['the schema library in contracts', 'libs/contracts/src', "export { z } from 'zod';"],
  ['node:crypto in a pure lib', 'libs/sigv4/src', "export { createHmac } from 'node:crypto';"],
  ['the file system in a test of a pure lib', 'libs/sigv4/src', "export { x } from 'node:fs';", '.test.ts'],
  ['an app in the all-in-one', 'apps/coffer/src', "export { x } from '@coffer/kms';"],
];

const probe = (folder, kind, index, ending = '.ts') => join(folder, `probe-${kind}-${index}${ending}`);
const bad = forbidden.map(([what, folder, text, rule, ending], index) => ({
  what,
  text,
  rule,
  file: probe(folder, 'forbidden', index, ending),
}));
const good = allowed.map(([what, folder, text, ending], index) => ({
  what,
  text,
  file: probe(folder, 'allowed', index, ending),
}));

/** The workspace as the rules see it: its settings, its tools, each project's manifest, the installed packages. */
function scratchCopy() {
  const copy = mkdtempSync(join(tmpdir(), 'coffer-lint-'));
  for (const name of [
    'package.json',
    'package-lock.json',
    'nx.json',
    'tsconfig.base.json',
    '.oxlintrc.json',
    'tools',
  ]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  for (const group of ['libs', 'apps']) {
    for (const name of readdirSync(join(root, group))) {
      mkdirSync(join(copy, group, name, 'src'), { recursive: true });
      for (const file of ['package.json', 'tsconfig.json'])
        cpSync(join(root, group, name, file), join(copy, group, name, file));
      const { exports } = JSON.parse(readFileSync(join(copy, group, name, 'package.json'), 'utf8'));
      for (const entry of Object.values(exports)) {
        writeFileSync(join(copy, group, name, entry['@coffer/source']), 'export const x = 1;\n');
      }
    }
  }
  mkdirSync(join(copy, 'node_modules', '@coffer'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@coffer') symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  }
  for (const group of ['libs', 'apps']) {
    for (const name of readdirSync(join(copy, group))) {
      symlinkSync(join(copy, group, name), join(copy, 'node_modules', '@coffer', name));
    }
  }
  // Left out of the project graph, so that one probe's import is not reported as closing a circle with another's.
  writeFileSync(join(copy, '.nxignore'), 'probe-*\n');
  for (const { file, text } of [...bad, ...good]) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), `${text}\n`);
  }
  return copy;
}

/** Nx hands its tasks variables about this workspace, which would lead the copy back here. */
const outsideOfNx = Object.fromEntries(
  Object.entries(cleanEnvironment()).filter(([name]) => !/^NX_(TASK|WORKSPACE|CLI|INVOKED)/.test(name)),
);

function lint(copy, args, additions = {}) {
  const env = { ...outsideOfNx, ...additions };
  return spawnSync(node, ['tools/lint.mjs', ...args], { cwd: copy, encoding: 'utf8', env, maxBuffer: 2 ** 26 });
}

describe('import rules', () => {
  let copy;
  let withoutGraph;
  let status;
  /** The codes of what was reported, by file. */
  const reported = new Map();

  beforeAll(() => {
    copy = scratchCopy();
    // As a task of Nx the tool relies on the graph that Nx makes; here there is none yet.
    withoutGraph = lint(copy, [bad[0].file], { NX_TASK_TARGET_TARGET: 'lint' });
    const done = lint(copy, ['--format=json', ...[...bad, ...good].map(({ file }) => file)]);
    status = done.status;
    for (const { filename, code } of JSON.parse(done.stdout).diagnostics) {
      reported.set(filename, [...(reported.get(filename) ?? []), code]);
    }
  });
  afterAll(() => {
    if (copy) rmSync(copy, { recursive: true, force: true });
  });

  it('fail the lint where there is no project graph to check them by', () => {
    expect(withoutGraph.status).toBe(1);
    expect(withoutGraph.stderr).toContain('the import rules were not checked');
  });

  it('fail the lint when one is broken', () => {
    expect(status).toBe(1);
  });

  it.each(bad)('forbid $what', ({ file, rule }) => {
    expect(reported.get(file) ?? []).toContain(rule);
  });

  it.each(good)('allow $what', ({ file }) => {
    expect((reported.get(file) ?? []).filter((code) => code === BOUNDARY || code === RESTRICTED)).toEqual([]);
  });
});
