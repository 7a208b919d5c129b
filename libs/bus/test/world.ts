import { isFault, type Fault, type ServiceName } from '@coffer/contracts';
import type { BusTransport, Registration } from '../src/index.ts';

export interface World {
  transport(service: ServiceName): Promise<BusTransport>;
  close(): Promise<void>;
}

export async function serve(
  transport: BusTransport,
  registrations: readonly Registration[],
): Promise<() => Promise<void>> {
  const server = transport.strategy(registrations);
  await new Promise<void>((resolve, reject) => {
    void server.listen((error?: unknown) => (error ? reject(error as Error) : resolve()));
  });
  return async () => void (await server.close());
}

export async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isFault(error)) throw new Error(`expected a fault, got ${String(error)}`);
  return error;
}
