import { spawn } from 'node:child_process';

export interface Finished {
  /** The exit code; -1 when a signal ended it, which the end of `stderr` names. */
  readonly code: number;
  /** Standard output, byte for byte. */
  readonly output: Buffer;
  /** Standard output as text. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly input?: string | Buffer | undefined;
}

/** Runs a program with this environment and no other; resolves whatever its exit code. Rejects when there is none. */
export function runProgram(name: string, args: readonly string[], { env, cwd, input }: Running): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, [...args], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const output = Buffer.concat(out);
      const stderr = Buffer.concat(err).toString() + (signal === null ? '' : `ended by ${signal}`);
      resolve({ code: code ?? -1, output, stdout: output.toString(), stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
