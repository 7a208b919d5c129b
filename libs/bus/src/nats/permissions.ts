import type { BusEvent, Contract, ServiceName } from '@coffer/contracts';

/** Prefix of a service's reply inboxes. Its bus user alone may listen under it. */
export function inboxPrefix(service: ServiceName): string {
  return `_INBOX_${service}`;
}

/**
 * Subject that this caller publishes on. Its last token is the caller's name, and the permissions let a user publish
 * under its own name only: so the broker vouches for who asks.
 */
export function callSubject(contract: Contract, caller: ServiceName): string {
  return `${contract.subject}.${caller}`;
}

export interface NatsPermissions {
  publish: string[];
  subscribe: string[];
}

/** All subjects that a service's bus user may publish and subscribe on; everything else is refused by the broker. */
export function natsPermissions(
  service: ServiceName,
  contracts: readonly Contract[],
  events: readonly BusEvent[],
): NatsPermissions {
  const calls = contracts.filter((contract) => contract.callers.includes(service));
  const served = contracts.filter((contract) => contract.service === service);
  const published = events.filter((event) => event.service === service);
  const heard = events.filter((event) => event.listeners.includes(service));
  return {
    publish: [...calls.map((contract) => callSubject(contract, service)), ...published.map((event) => event.subject)],
    subscribe: [
      `${inboxPrefix(service)}.>`,
      ...served.map((contract) => `${contract.subject}.*`),
      ...heard.map((event) => event.subject),
    ],
  };
}
