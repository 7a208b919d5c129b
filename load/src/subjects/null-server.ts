import { clientProgram } from '../paths.ts';
import { serverEnvironment, start } from './started.ts';
import type { Subject } from './subject.ts';

/** A server that checks and keeps nothing: what the client reaches against it is the bound that the client sets. */
export async function startNull(size: number): Promise<Subject> {
  const running = await start({
    command: clientProgram,
    args: ['null', '--size', String(size)],
    env: serverEnvironment(),
    ready: (output) => output.includes('\n'),
  });
  return {
    name: 'null server',
    endpoints: [running.output.trim()],
    region: 'us-east-1',
    credentials: { accessKeyId: 'null', secretAccessKey: 'null' },
    pid: running.pid,
    durability: () => Promise.resolve([]),
    whileSeeding: (work) => work(),
    stop: () => running.stop(),
  };
}
