import { allContracts, isFault, status, type Contract } from '@coffer/contracts';
import { serviceNames, type AppName } from '../services/definitions.ts';

/** What clients need to know of a running Coffer. */
export interface Endpoints {
  readonly endpoint: string;
  readonly httpsEndpoint?: string | undefined;
  readonly caFile?: string | undefined;
  readonly region: string;
}

/** The operator's way into a running Coffer: a Unix socket in embedded mode, a bus user of its own elsewhere. */
export interface Operator {
  readonly endpoints: Endpoints;
  call<Request, Reply>(contract: Contract<Request, Reply>, message: Request): Promise<Reply>;
  close(): Promise<void>;
}

export const operatorContracts: ReadonlyMap<string, Contract> = new Map(
  allContracts
    .filter((contract) => contract.callers.includes('operator'))
    .map((contract) => [contract.subject, contract]),
);

export type ServiceStatus =
  | { readonly up: true; readonly version: string; readonly startedAt: number; readonly checks: Record<string, string> }
  | { readonly up: false; readonly reason: string };

/** How every service is. A service that does not answer is an answer too. */
export async function statusOfAll(operator: Pick<Operator, 'call'>): Promise<Record<AppName, ServiceStatus>> {
  const ask = async (name: AppName): Promise<[AppName, ServiceStatus]> => {
    try {
      return [name, { up: true, ...(await operator.call(status[name], {})) }];
    } catch (error) {
      return [name, { up: false, reason: isFault(error) ? error.message : 'it does not answer' }];
    }
  };
  return Object.fromEntries(await Promise.all(serviceNames.map((name) => ask(name)))) as Record<AppName, ServiceStatus>;
}

export function isHealthy(statuses: Readonly<Record<string, ServiceStatus>>): boolean {
  return Object.values(statuses).every(
    (each) => each.up && Object.values(each.checks).every((outcome) => outcome === 'ok'),
  );
}
