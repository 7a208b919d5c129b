// Completes package-lock.json: npm leaves out an optional package of another platform when the registry at hand does not
// carry it, and `npm ci` then refuses the whole file. Each such package is named here with the version, system and
// processor that its name and its dependent state; npm skips it wherever it does not fit. Run it after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';

const file = process.argv[2] ?? 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
const { packages } = lock;

const SYSTEMS = new Map([
  ['darwin', 'darwin'],
  ['freebsd', 'freebsd'],
  ['openbsd', 'openbsd'],
  ['netbsd', 'netbsd'],
  ['sunos', 'sunos'],
  ['aix', 'aix'],
  ['linux', 'linux'],
  ['linuxmusl', 'linux'],
  ['android', 'android'],
  ['openharmony', 'openharmony'],
  ['win32', 'win32'],
  ['windows', 'win32'],
]);
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

/** `@oxlint/binding-linux-arm64-musl` → linux, arm64, musl; undefined when the name tells no platform. */
function platformOf(name) {
  const words = name.split('/').pop().split('-');
  const system = words.find((word) => SYSTEMS.has(word));
  const processor = words.find((word) => PROCESSORS.includes(word));
  if (!system || !processor) return undefined;
  const libc = words.find((word) => /^(musl|gnu)/.test(word)) ?? (system === 'linuxmusl' ? 'musl' : undefined);
  return {
    cpu: [processor],
    ...(libc && SYSTEMS.get(system) === 'linux' ? { libc: [libc.startsWith('musl') ? 'musl' : 'glibc'] } : {}),
    os: [SYSTEMS.get(system)],
  };
}

/** The entry that Node would find for `name` from the package at `path`, and where another could be put. */
function resolve(path, name) {
  for (let at = path; ; ) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[place]) return packages[place];
    if (at === '') return undefined;
    const parent = at.lastIndexOf('/node_modules/');
    at = parent < 0 ? '' : at.slice(0, parent);
  }
}

let added = 0;
for (const [path, entry] of Object.entries(packages)) {
  if (entry.link) continue;
  for (const [name, wanted] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = platformOf(name);
    const exact = /^\d+\.\d+\.\d+\S*$/.test(wanted);
    const found = resolve(path, name);
    if (!platform || !exact || found?.version === wanted) continue;
    packages[`${path === '' ? '' : `${path}/`}node_modules/${name}`] = {
      version: wanted,
      ...platform,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a === '' || (b !== '' && a.localeCompare(b, 'en') < 0) ? -1 : 1)));
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`${added} packages of other platforms added`);
