import { layoutOf } from '../data-folder/layout.ts';
import { modeOf } from '../data-folder/open.ts';
import { channelOperator } from '../operator/channel-client.ts';
import { natsOperator, operatorFromEnvironment } from '../operator/nats-operator.ts';
import { readOperatorFile } from '../operator/operator-file.ts';
import type { Operator } from '../operator/operator.ts';
import { UserError } from '../user-error.ts';

const ABSENT = new Set(['ENOENT', 'ECONNREFUSED']);

/**
 * The way into the Coffer of a data folder, or, where there is none (containers), by the bus that the environment names.
 *
 * @throws UserError when there is none, or it is not running
 */
export async function connect(data: string, env: NodeJS.ProcessEnv = process.env): Promise<Operator> {
  if (env['COFFER_NATS_URL']) return await operatorFromEnvironment(env);
  const layout = layoutOf(data);
  const mode = modeOf(layout);
  if (mode === undefined) {
    throw new UserError(`There is no data folder of Coffer at ${layout.root}; name it with --data.`);
  }
  const command = mode === 'stack' ? 'stack' : 'up';
  const notRunning = new UserError(
    `No Coffer runs on ${layout.root}; start it with: coffer ${command} --data ${layout.root}`,
  );
  if (mode === 'stack') {
    const facts = readOperatorFile(layout);
    if (!facts) throw notRunning;
    return await natsOperator(facts, notRunning);
  }
  try {
    return await channelOperator(layout.socket);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (ABSENT.has(code)) throw notRunning;
    if (code === 'EACCES') throw new UserError(`${layout.socket} belongs to another user; run this as that user.`);
    throw error;
  }
}

export async function withOperator<T>(data: string, work: (operator: Operator) => Promise<T>): Promise<T> {
  const operator = await connect(data);
  try {
    return await work(operator);
  } finally {
    await operator.close();
  }
}
