import type { Keys } from './clients.ts';
import { rootKeys } from './clients.ts';
import { clientEnvironment } from './environment.ts';
import type { Finished } from './run-program.ts';
import { runProgram } from './run-program.ts';
import { stack } from './stack.ts';

export interface ProgramOptions {
  readonly keys?: Keys;
  readonly https?: boolean;
  readonly region?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

/** The variables that `coffer env` would have somebody paste. */
export function pasted(options: ProgramOptions = {}): NodeJS.ProcessEnv {
  const facts = stack();
  const keys = options.keys ?? rootKeys();
  const region = options.region ?? facts.region;
  return {
    AWS_ENDPOINT_URL: options.https ? facts.httpsEndpoint : facts.endpoint,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...(facts.caBundle !== undefined && { AWS_CA_BUNDLE: facts.caBundle }),
    ...options.env,
  };
}

/** Runs a program with a clean environment; resolves whatever its exit code. */
export async function program(name: string, args: readonly string[], options: ProgramOptions = {}): Promise<Finished> {
  const { scratch } = stack();
  return await runProgram(name, args, {
    cwd: options.cwd ?? scratch,
    env: { ...clientEnvironment(scratch), ...pasted(options) },
    input: options.input,
  });
}

/** Runs the AWS CLI and returns its output. Throws with its error text when it fails. */
export async function aws(args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const done = await program('aws', args, options);
  if (done.code !== 0)
    throw new Error(`aws ${args.join(' ').slice(0, 200)}: ${done.stderr.trim() || done.stdout.trim()}`);
  return done.stdout;
}

/** As `aws`, for output in JSON; an empty output is `{}`. */
// eslint-disable-next-line typescript/no-explicit-any -- the shape is the CLI's, and each test looks at its own part
export async function awsJson(args: readonly string[], options: ProgramOptions = {}): Promise<any> {
  const text = await aws([...args, '--output', 'json'], options);
  return text.trim() === '' ? {} : JSON.parse(text);
}

/** Runs a Python script with boto3; what it prints as JSON on its last line is returned. */
// eslint-disable-next-line typescript/no-explicit-any -- whatever the script prints
export async function python(script: string, options: ProgramOptions & { args?: string[] } = {}): Promise<any> {
  const done = await program('python3', ['-c', script, ...(options.args ?? [])], options);
  if (done.code !== 0) throw new Error(`python: ${done.stderr.trim()}`);
  const last = done.stdout.trim().split('\n').at(-1) ?? '';
  return last === '' ? undefined : JSON.parse(last);
}

/** Runs curl; returns the status and the body. */
export async function curl(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<{ status: number; body: string; exit: number }> {
  const done = await program('curl', ['-sS', '-w', '\n%{http_code}', ...args], options);
  const at = done.stdout.lastIndexOf('\n');
  return { status: Number(done.stdout.slice(at + 1)), body: done.stdout.slice(0, at), exit: done.code };
}
