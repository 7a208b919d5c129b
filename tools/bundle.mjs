// Bundles a built app and all that it imports into few files, `dist/program/*.js`: a process that loads those is ready in
// half the time of one that looks up well over a thousand modules.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

/** Files of an app that are started on their own: its program, and what that loads by its path. */
const ENTRIES = ['main', 'stack/watchdog', 'checksums/digest-thread'];

/** The all-in-one program holds the gateway, so the gateway's threads lie beside it too. */
const BORROWED = { coffer: [['gateway', 'checksums/digest-thread']] };

/** Packages that may be absent; who imports them copes with it. */
const OPTIONAL = [
  /^@nestjs\/(websockets|platform-)/,
  /^class-(validator|transformer)/,
  /^(amqplib|amqp-connection-manager|cache-manager|ioredis|kafkajs|mqtt|nats|pg-native|msgpackr-extract)$/,
  /^@grpc\//,
];

/** Loaded when first used, by a name that is put together then. */
const LAZY = [/^@aws-sdk\//];

/**
 * What is started. V8 compiles the program anew at each start; what it has made of it ten seconds after one is kept
 * beside it, for the next. Where that folder cannot be written to, or by a Node without this, it starts as before. The
 * default would be a folder below /tmp, which others could have filled.
 */
const MAIN = `import module from 'node:module';
import { fileURLToPath } from 'node:url';
module.enableCompileCache?.(fileURLToPath(new URL('compiled', import.meta.url)));
setTimeout(() => module.flushCompileCache?.(), 10_000).unref();
await import('./program.js');
`;

/** Bundles the built app in `folder`, beside which the other apps lie. @throws when an import leads nowhere */
export async function bundle(folder) {
  const app = basename(folder);
  const dist = (name) => join(folder, '..', name, 'dist');
  const entries = [...ENTRIES.map((path) => [app, path]), ...(BORROWED[app] ?? [])]
    .map(([owner, path]) => [path === 'main' ? 'program' : path.split('/').at(-1), resolve(dist(owner), `${path}.js`)])
    .filter(([, file]) => existsSync(file));
  const out = join(dist(app), 'program');
  rmSync(out, { recursive: true, force: true });
  const bundled = await rolldown({
    input: Object.fromEntries(entries),
    platform: 'node',
    external: [...OPTIONAL, ...LAZY],
    onLog(level, log, handle) {
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
      // What packages do in their own code is theirs.
      if (level === 'warn' && !/node_modules/.test(log.id ?? log.ids?.[0] ?? '')) handle(level, log);
    },
  });
  await bundled.write({
    dir: out,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'part-[hash].js',
    strictExecutionOrder: true,
  });
  await bundled.close();
  writeFileSync(join(out, 'main.js'), MAIN);
}
