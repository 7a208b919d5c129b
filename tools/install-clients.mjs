// Installs the clients of `npm run e2e:clients` that are absent: node tools/install-clients.mjs [step…]
// What Debian has comes as its package (needs root or sudo); the rest goes into a folder of the user's cache, see
// clients/places.mjs, and the programs of e2e/clients into their own folders (`dist`). May be run again at any time: what
// is there is not touched.
import { buildOwnProgram } from './clients/build-own-programs.mjs';
import { debian } from './clients/install-debian.mjs';
import { goPrograms } from './clients/install-go.mjs';
import { python } from './clients/install-python.mjs';
import { OWN_PROGRAMS } from './clients/own-programs.mjs';

const builds = Object.keys(OWN_PROGRAMS).map((name) => [`${name}-program`, () => buildOwnProgram(name)]);
const STEPS = { debian, python, go: goPrograms, ...Object.fromEntries(builds) };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(', ')}; there are: ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}
const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
for (const [name, step] of Object.entries(STEPS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const since = Date.now();
  try {
    step();
    console.log(`${name}: ${seconds(since)}`);
  } catch (error) {
    console.error(`${name}: FAILED after ${seconds(since)}: ${error.message}`);
    process.exitCode = 1;
  }
}
console.log(`Clients: ${seconds(started)} in all.`);
