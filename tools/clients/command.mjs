import { spawnSync } from 'node:child_process';

/** Runs a command and shows what it says. Throws unless it ends with 0. */
export function command(program, args, options = {}) {
  const done = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`${program} ${args.slice(0, 4).join(' ')} ended with ${done.status}`);
}
