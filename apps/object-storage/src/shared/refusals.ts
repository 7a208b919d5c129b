import { Fault, s3Error, type Caller, type RequestRecord } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { faultOf } from './answers.ts';
import { mayBeOneElement } from './one-element.ts';

/*
 * A refusal is as final as a success: the bus may carry a request twice, and once the first copy was refused the gateway
 * lets the sealed bytes go, so the second copy must not succeed because the world changed in between. Where that can
 * happen the refusal is kept in the outbox as the request's reply.
 */
interface KeptRefusal {
  refused: { code: string; message: string; status: number; extras: Record<string, string> };
}

/** What the outbox keeps of a refusal. */
export function keptRefusal({ code, message, status, extras }: Fault): KeptRefusal {
  return { refused: { code, message, status, extras } };
}

/** The refusal that the outbox kept as this reply; undefined when the request was carried out. */
export function refusalIn(reply: unknown): Fault | undefined {
  if (typeof reply !== 'object' || reply === null || !('refused' in reply)) return undefined;
  const { code, message, status, extras } = (reply as KeptRefusal).refused;
  return new Fault(code, message, { status, extras });
}

/** Whether the client hears of it as the end of its request: old configuration is decided upon anew, trouble of ours passes. */
export function isRefusal(fault: Fault): boolean {
  return fault.status < 500 && fault.code !== 'StaleContext';
}

/**
 * Makes a refusal that nothing was written for the request's reply. Gives back what the request is to be answered with:
 * the refusal, or what another copy of the request came to meanwhile.
 */
export async function finalAnswer(
  deps: Deps,
  request: { caller: Caller; draft: RequestRecord },
  refusal: Fault,
): Promise<unknown> {
  const { requestId } = request.caller;
  const draft = { ...request.draft, status: refusal.status, errorCode: refusal.code };
  try {
    await deps.outbox.putIfAbsent({ requestId, draft, reply: keptRefusal(refusal) });
    const stored = await deps.outbox.reply(requestId);
    return stored ? (refusalIn(stored.reply) ?? stored.reply) : s3Error('ServiceUnavailable');
  } catch (error) {
    // What no row can hold is refused whenever it comes.
    if (mayBeOneElement(error)) return refusal;
    const fault = faultOf(error);
    if (!fault) throw error;
    return fault;
  }
}
