import { objectStorage, identity, type Contract, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';

registerFailpoints('gateway.forward.before-call', 'gateway.forward.before-answer');

type Forwardable = Contract<Forwarded, ForwardedReply>;

/** Answered 204 by S3, though its schema says 200. */
const NO_CONTENT = new Set(['PutBucketPolicy']);

const contracts: ReadonlyMap<string, Forwardable> = new Map([
  ...Object.entries(objectStorage.objectReads),
  ...Object.entries(objectStorage.objectMutations),
  ...Object.entries(identity.identityOperations),
]);

/**
 * Passes an authorised operation to the service that owns it; what it answers is the output.
 *
 * @param more further members of the message, known only once the request has been judged.
 */
export function forward(
  name: string,
  mutates: boolean,
  more: (exchange: Exchange) => Partial<Forwarded> = () => ({}),
): (exchange: Exchange, gateway: Gateway) => Promise<Answer> {
  const contract = contracts.get(name);
  if (!contract) throw new Error(`no service takes ${name}`);
  return async (exchange, gateway) => {
    const send = (revision: Forwarded['revision']) =>
      gateway.bus.call(contract, {
        caller: exchange.caller,
        input: exchange.input,
        time: exchange.incoming.time,
        ...more(exchange),
        ...(revision ? { revision } : {}),
        ...(mutates ? { draft: exchange.draft() } : {}),
      });
    if (mutates) failpoint('gateway.forward.before-call');
    const { output } = exchange.hasBucket()
      ? await exchange.deciding((bucket) => send(bucket.context.revision))
      : await exchange.calling(() => send(undefined));
    if (mutates) failpoint('gateway.forward.before-answer');
    return { output, ...(NO_CONTENT.has(name) ? { status: 204 } : {}) };
  };
}
