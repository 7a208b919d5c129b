import { Fault } from '@coffer/contracts';

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
