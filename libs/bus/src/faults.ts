import { Fault, type BusFaultCode, type Contract } from '@coffer/contracts';

const statusOf: Record<BusFaultCode, number> = {
  Timeout: 503,
  Unavailable: 503,
  NotUnderstood: 500,
  NotPermitted: 500,
  InvalidMessage: 500,
  Internal: 500,
};

/** A fault that the bus itself raises. None of them is the fault of the client at the far end, so none is a 4xx. */
export function busFault(code: BusFaultCode, message: string): Fault {
  return new Fault(code, message, { status: statusOf[code] });
}

export function timedOut(contract: Contract): Fault {
  return busFault('Timeout', `${contract.service}.${contract.operation} did not answer in time`);
}

/** What went wrong inside is for the log of the process it went wrong in; the other side learns only that it did. */
export function asFault(error: unknown): Fault {
  return error instanceof Fault ? error : busFault('Internal', 'The service failed to carry out the call');
}
