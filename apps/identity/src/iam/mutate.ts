import { Fault, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import type { Sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { announce, commitChange } from '../epochs/change.ts';
import { accountOf } from './account-of.ts';
import { fromStored, type StoredReply, toStored } from './stored-output.ts';

type Output = Record<string, unknown>;

/**
 * Carries out an IAM operation that changes something: once for each request id, together with the draft of its record,
 * and answers when no gateway trusts anything older. A repeated request gets the first one's output, after the same wait.
 * @param work changes the account and returns the output, which is stored: no secret may be in it.
 * @param complete adds to the output what must not be stored.
 */
export async function mutate(
  deps: Deps,
  message: Forwarded,
  work: (tx: Sql, accountId: string) => Promise<Output>,
  complete: (output: Output, accountId: string) => Promise<Output> = async (output) => output,
): Promise<ForwardedReply> {
  const accountId = accountOf(message.caller);
  const reply = (await earlier(deps, message)) ?? (await carryOut(deps, message, accountId, work));
  await announce(deps, reply.epoch);
  return { output: await complete(reply.output, accountId) };
}

async function carryOut(
  deps: Deps,
  message: Forwarded,
  accountId: string,
  work: (tx: Sql, accountId: string) => Promise<Output>,
): Promise<StoredReply> {
  const { draft, caller } = message;
  if (draft === undefined)
    throw new Fault('InvalidMessage', 'A change needs the draft of its record.', { status: 400 });
  try {
    const { result, epoch } = await commitChange(
      deps,
      accountId,
      (tx) => work(tx, accountId),
      (tx, output, epoch) => {
        const reply = toStored({ epoch, output });
        return deps.outbox.put(tx, { requestId: caller.requestId, draft: { ...draft, status: 200 }, reply });
      },
    );
    return { output: result, epoch };
  } catch (error) {
    // The same request, sent twice, may have come first and be the very reason why this one failed.
    const done = await earlier(deps, message);
    if (done === undefined) throw error;
    return done;
  }
}

async function earlier(deps: Deps, message: Forwarded): Promise<StoredReply | undefined> {
  const found = await deps.outbox.reply(message.caller.requestId);
  return found === undefined ? undefined : fromStored(found.reply);
}
