#!/usr/bin/env node
// Plain JavaScript for any Node: finds the Node that Coffer needs and the built program, then hands over.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'program', 'main.js');
const ownNode = join(dirname(main), '..', '..', '..', '..', 'node_modules', '.bin', 'node');
const OLDEST_MAJOR = 22;

/** Runs the same command on the Node that npm installed beside the program. */
function handOver() {
  const child = spawn(ownNode, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}

if (!existsSync(main)) {
  process.stderr.write('Coffer is not built yet; run "npm ci" and "npm run build" in its folder first.\n');
  process.exitCode = 1;
} else if (Number.parseInt(process.versions.node, 10) <= OLDEST_MAJOR && existsSync(ownNode)) {
  handOver();
} else {
  await import(pathToFileURL(main).href);
}
