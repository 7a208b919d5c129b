import type { ServiceName } from '@coffer/contracts';
import { Client } from '../client.ts';
import { copyFault } from '../codec.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { Outcome } from '../envelope.ts';
import { busFault } from '../faults.ts';
import type { Registration } from '../handler.ts';
import { BusServer } from '../strategy.ts';
import { silentLog, type BusLog, type BusTransport } from '../transport.ts';
import type { InProcessHub } from './hub.ts';

const DRAIN_LIMIT_MS = 30_000;

export interface InProcessOptions {
  log?: BusLog;
}

function own(outcome: Outcome): Outcome {
  return 'fault' in outcome ? { fault: copyFault(outcome.fault) } : outcome;
}

/**
 * The same contracts without a broker. Nothing is serialised: schemas build new objects on both ways, but binary
 * members and members of open type are shared with the other side, so neither may change what it got or gave.
 */
export function inProcessTransport(
  hub: InProcessHub,
  service: ServiceName,
  options: InProcessOptions = {},
): BusTransport {
  const log = options.log ?? silentLog;
  const servers = new Set<BusServer>();
  const subscriptions = new Set<() => void>();
  let closed = false;
  let draining: Promise<void> | undefined;

  const client = new Client(
    service,
    {
      send: async (contract, envelopes, timeoutMs) => {
        if (closed) throw busFault('Unavailable', 'The bus is closed');
        const outcomes = await hub.send(contract, service, envelopes, timeoutMs);
        return outcomes.map((outcome) => own(outcome));
      },
      sendToAll: async (contract, envelope, timeoutMs) => {
        if (closed) throw busFault('Unavailable', 'The bus is closed');
        const outcomes = await hub.sendToAll(contract, service, envelope, timeoutMs);
        return outcomes.map((outcome) => own(outcome));
      },
    },
    {
      publish: (event, message) => {
        if (!closed) hub.publish(event, message);
      },
      subscribe: (event, listener) => {
        const remove = hub.subscribe(event, { listener, log });
        subscriptions.add(remove);
        return () => {
          subscriptions.delete(remove);
          remove();
        };
      },
    },
  );

  return {
    service,
    client,
    strategy: (registrations: readonly Registration[]) => {
      const dispatcher = new Dispatcher(service, registrations, log);
      let leave: (() => void) | undefined;
      const server = new BusServer({
        start: async () => {
          leave = hub.serve(dispatcher);
        },
        stop: async () => {
          leave?.();
          if (!(await dispatcher.idle(DRAIN_LIMIT_MS))) log.warn({ service }, 'handlers still run; not waiting longer');
        },
      });
      servers.add(server);
      return server;
    },
    ready: async () => undefined,
    drain: () => {
      draining ??= (async () => {
        for (const remove of subscriptions) remove();
        await Promise.all([...servers].map((server) => server.close()));
        closed = true;
      })();
      return draining;
    },
    connected: () => !closed,
  };
}
