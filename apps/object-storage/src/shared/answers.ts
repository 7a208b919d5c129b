import { handle, handleBatch, type Registration } from '@coffer/bus';
import { isFault, s3Error, type Contract, type Fault } from '@coffer/contracts';
import { DatabaseUnavailable, sqlState } from '@coffer/database';
import { contextsOnce } from './contexts-once.ts';

/** lock_not_available, query_canceled (its time ran out), too_many_connections, out_of_memory and its like. */
const OVERLOAD = new Set(['55P03', '57014', '53000', '53100', '53200', '53300']);

/** The fault that a client sees for trouble with the database; undefined when the error is a mistake of ours. */
export function faultOf(error: unknown): Fault | undefined {
  if (isFault(error)) return error;
  if (error instanceof DatabaseUnavailable) return s3Error('ServiceUnavailable');
  const state = sqlState(error);
  return state !== undefined && OVERLOAD.has(state) ? s3Error('SlowDown') : undefined;
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw faultOf(error) ?? error;
  }
}

/** One message, one answer. */
export function answer<Request, Reply>(
  contract: Contract<Request, Reply>,
  handler: (message: Request) => Promise<Reply>,
): Registration {
  return handle(contract, (message) => translated(handler(message)));
}

/** All messages of a batch, each with its own answer. */
export function answerBatch<Request, Reply>(
  contract: Contract<Request, Reply>,
  handler: (messages: Request[]) => Promise<(Reply | Fault)[]>,
): Registration {
  return handleBatch(contract, async (messages) => contextsOnce(await translated(handler(messages))));
}
