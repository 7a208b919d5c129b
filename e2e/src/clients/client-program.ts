import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { clientEnvironment } from '../harness/environment.ts';
import type { Finished } from '../harness/run-program.ts';
import { runProgram } from '../harness/run-program.ts';
import { stack } from '../harness/stack.ts';

/** A fresh folder for what a client reads and writes. */
export async function clientFolder(client: string): Promise<string> {
  return await mkdtemp(join(stack().scratch, `${client}-`));
}

/** What a program says of its version: the first match of `pattern`. Throws when it says no such thing. */
export function versionOf(program: string, args: readonly string[], pattern: RegExp): string {
  const said = execFileSync(program, [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const found = pattern.exec(said)?.[1];
  if (found === undefined) throw new Error(`${program} is not the expected program; it says: ${said.slice(0, 200)}`);
  return found;
}

/** A client on the command line: a program, its environment, and the folder in which it runs. */
export class ClientProgram {
  readonly #name: string;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /** `env` is added to an environment without any setting of the machine for S3 clients. */
  constructor(name: string, folder: string, env: NodeJS.ProcessEnv) {
    this.#name = name;
    this.#folder = folder;
    this.#env = { ...clientEnvironment(stack().scratch), HOME: folder, ...env };
  }

  /** Runs it; resolves whatever its exit code. */
  async finished(args: readonly string[], input?: string | Buffer): Promise<Finished> {
    return await runProgram(this.#name, args, { env: this.#env, cwd: this.#folder, input });
  }

  /** Its standard output, byte for byte. Throws with its error text when it fails. */
  async bytes(args: readonly string[], input?: string | Buffer): Promise<Buffer> {
    const done = await this.finished(args, input);
    if (done.code === 0) return done.output;
    const said = done.stderr.trim() || done.stdout.trim();
    throw new Error(`${this.#name} ${args.join(' ').slice(0, 200)}: exit code ${done.code}: ${said.slice(-2_000)}`);
  }

  /** Its standard output as text. Throws with its error text when it fails. */
  async run(args: readonly string[], input?: string | Buffer): Promise<string> {
    return (await this.bytes(args, input)).toString();
  }

  /** Its output in JSON; `{}` when there is none. */
  // eslint-disable-next-line typescript/no-explicit-any -- the shape is the client's, and each test looks at its own part
  async json(args: readonly string[], input?: string | Buffer): Promise<any> {
    const text = await this.run(args, input);
    return text.trim() === '' ? {} : JSON.parse(text);
  }

  /** The end that a refusal must bring: exit code and all that it said. Throws when it succeeds. */
  async refused(args: readonly string[], input?: string | Buffer): Promise<{ code: number; said: string }> {
    const { code, stdout, stderr } = await this.finished(args, input);
    if (code === 0) throw new Error(`${this.#name} ${args.join(' ').slice(0, 200)} should have failed: ${stdout}`);
    return { code, said: `${stderr}\n${stdout}` };
  }
}
