// Running other programs and telling how long each part of a run takes.
import { spawn } from 'node:child_process';
import { root } from '../environment.mjs';

/** Programs under way. Each leads a process group of its own, so that a signal reaches what it started in its turn. */
const running = new Set();

let stopped = false;

/** Asks all programs under way, and theirs, to end; no further stage begins, but for those that take down. */
export function stopRunning() {
  stopped = true;
  for (const { pid } of running) {
    try {
      process.kill(-pid, 'SIGTERM');
    } catch (error) {
      // The group has ended, and nobody has told yet.
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

const LAST_CHARACTERS = 4_000;

/**
 * Runs a program to its end, in the root of the repository unless `cwd` is given.
 * @param options.show its output goes to the terminal instead of the answer
 * @returns its standard output
 * @throws with the end of what it printed when it ends with anything but 0
 */
export function run(command, args, { env = {}, show = false, cwd = root, exact = false } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env: exact ? env : { ...process.env, ...env }, stdio, detached: true });
    if (child.pid !== undefined) running.add(child);
    let stdout = '';
    let all = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      all = (all + chunk).slice(-LAST_CHARACTERS);
    });
    child.stderr?.on('data', (chunk) => (all = (all + chunk).slice(-LAST_CHARACTERS)));
    const named = `${command} ${args.join(' ').slice(0, 200)}`;
    child.once('error', (error) => {
      running.delete(child);
      reject(new Error(`${named}: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve(stdout);
      else reject(new Error(`${named} ended with ${code ?? signal}\n${all}`.trim()));
    });
  });
}

const times = [];

export function wasStopped() {
  return stopped;
}

/** Prints the name and the time of a part of the run. @throws instead of beginning once the run was stopped */
export async function stage(name, body, { always = false } = {}) {
  if (stopped && !always) throw new Error(`stopped before: ${name}`);
  const started = Date.now();
  console.log(`\n=== ${name}`);
  try {
    return await body();
  } finally {
    const seconds = (Date.now() - started) / 1000;
    times.push([name, seconds]);
    console.log(`    ${seconds.toFixed(1)} s: ${name}`);
  }
}

export function printTimes() {
  console.log('\n=== time of each part');
  for (const [name, seconds] of times) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
}
