import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const OTHERS = new Set(['node_modules', 'dist', '.git', '.nx', '.results']);

function filesBelow(folder, suffix) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (OTHERS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path, suffix);
    return suffix.test(entry.name) ? [path] : [];
  });
}

const read = (path) => readFileSync(path, 'utf8');
const pages = filesBelow(root, /\.md$/).map((path) => ({ path, name: relative(root, path), text: read(path) }));
const withoutCode = (text) => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** Paths from the root of the repository, written as code. */
function namedFiles(text) {
  return [...text.matchAll(/`((?:apps|libs|e2e|tools|docs|deploy|load)\/[\w./-]+)`/g)].map((match) => match[1]);
}

/** Targets of links that stay inside the repository. */
function linked(text) {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1].split('#', 1)[0])
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

describe('the documentation', () => {
  it('is found', () => {
    const names = pages.map((page) => page.name);
    expect(names).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md', 'docs/adr/README.md']));
    expect(namedFiles(read(join(root, 'docs/architecture.md'))).length).toBeGreaterThan(40);
  });

  it.each(pages)('$name names files that exist', ({ path, text }) => {
    const missing = [
      ...namedFiles(text).filter((file) => !existsSync(join(root, file))),
      ...linked(text).filter((target) => !existsSync(join(dirname(path), target))),
    ];
    expect(missing).toEqual([]);
  });

  it('lists every decision', () => {
    const records = readdirSync(join(root, 'docs/adr')).filter((name) => /^\d{4}-/.test(name));
    expect(new Set(linked(read(join(root, 'docs/adr/README.md'))))).toEqual(new Set(records));
  });

  const sources = ['apps', 'libs']
    .flatMap((folder) => filesBelow(join(root, folder), /\.ts$/))
    .filter((path) => !/\.test\.ts$|\/(testkit|test|testing|bench)\//.test(path) && statSync(path).isFile());

  it('explains every environment variable', () => {
    const page = read(join(root, 'docs/operations/configuration.md'));
    const compose = join(root, 'docker-compose.yml');
    const used = new Set(
      [...sources, compose]
        .flatMap((path) => read(path).match(/\bCOFFER_[A-Z][A-Z_]*[A-Z]\b/g) ?? [])
        // One password for each service, explained as a pattern.
        .filter((name) => !/^COFFER_(DATABASE|NATS)_PASSWORD_/.test(name)),
    );
    expect(used.size).toBeGreaterThan(30);
    expect([...used].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    const explained = new Set([...page.matchAll(/`(COFFER_[A-Z_]+)`/g)].map((match) => match[1]));
    expect([...explained].filter((name) => !used.has(name))).toEqual([]);
  });

  it('tells for every failpoint what a crash there leaves behind', () => {
    const registered = sources.flatMap((path) =>
      [...read(path).matchAll(/registerFailpoints\(([^)]*)\)/g)].flatMap((match) =>
        [...match[1].matchAll(/'([\w.-]+)'/g)].map((name) => name[1]),
      ),
    );
    expect(registered.length).toBeGreaterThan(20);
    const told = pages.map((page) => page.text).join('\n');
    expect(registered.filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
    // And of none that is gone.
    const tables = told.match(/^\|.*\b(?:failpoint|killed at)\b.*\n(?:\|.*\n)+/gim) ?? [];
    expect(tables.length).toBeGreaterThan(5);
    const first = new Set(registered.map((name) => name.split('.', 1)[0]));
    const named = tables.flatMap((table) => [...table.matchAll(/`([a-z-]+)(\.[\w-]+\.[\w-]+)`/g)]);
    const gone = named.filter(([, service, rest]) => first.has(service) && !registered.includes(service + rest));
    expect(gone.map(([name]) => name)).toEqual([]);
  });
});
