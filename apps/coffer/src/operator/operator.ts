import { allContracts, isFault, status, type Contract, type Fault, type ReplyOf } from '@coffer/contracts';
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
  /** How many processes each service should have; absent where nobody here knows. */
  readonly replicas?: Readonly<Record<AppName, number>> | undefined;
  call<Request, Reply>(contract: Contract<Request, Reply>, message: Request): Promise<Reply>;
  /** Asks every process of the service, see `BusClient.callAll`. */
  callAll<Request, Reply>(
    contract: Contract<Request, Reply>,
    message: Request,
    expected?: number,
  ): Promise<(Reply | Fault)[]>;
  close(): Promise<void>;
}

/** In embedded mode there is one process: all are asked when it is. */
export function oneProcess(call: Operator['call']): Operator['callAll'] {
  return async (contract, message) => [await call(contract, message)];
}

export const operatorContracts: ReadonlyMap<string, Contract> = new Map(
  allContracts
    .filter((contract) => contract.callers.includes('operator'))
    .map((contract) => [contract.subject, contract]),
);

/** How one process of a service is. */
export type ProcessStatus = ReplyOf<(typeof status)[AppName]>;

export interface ServiceStatus {
  /** Whether as many processes answer as there should be, where that is known, and at least one. */
  readonly up: boolean;
  /** What is wrong when it is not up. */
  readonly reason?: string;
  /** Those that answered. */
  readonly processes: readonly ProcessStatus[];
}

/** How every process of every service is. A service that does not answer is an answer too. */
export async function statusOfAll(
  operator: Pick<Operator, 'callAll' | 'replicas'>,
): Promise<Record<AppName, ServiceStatus>> {
  const ask = async (name: AppName): Promise<[AppName, ServiceStatus]> => [name, await statusOf(operator, name)];
  return Object.fromEntries(await Promise.all(serviceNames.map((name) => ask(name)))) as Record<AppName, ServiceStatus>;
}

async function statusOf(operator: Pick<Operator, 'callAll' | 'replicas'>, name: AppName): Promise<ServiceStatus> {
  const expected = operator.replicas?.[name];
  try {
    const answers = await operator.callAll(status[name], {}, expected);
    const processes = answers.filter((answer): answer is ProcessStatus => !isFault(answer));
    processes.sort((a, b) => (a.instance < b.instance ? -1 : 1));
    const refused = answers.find((answer) => isFault(answer));
    if (answers.length === 0) return { up: false, reason: 'it does not answer', processes };
    if (refused) return { up: false, reason: refused.message, processes };
    if (expected === undefined || answers.length >= expected) return { up: true, processes };
    return { up: false, reason: `only ${answers.length} of ${expected} processes answer`, processes };
  } catch (error) {
    return { up: false, reason: isFault(error) ? error.message : 'it does not answer', processes: [] };
  }
}

/** The checks that fail, with their reasons. */
export function failures({ checks }: Pick<ProcessStatus, 'checks'>): [check: string, reason: string][] {
  return Object.entries(checks).filter(([, outcome]) => outcome !== 'ok');
}

export function isHealthy(statuses: Readonly<Record<string, ServiceStatus>>): boolean {
  return Object.values(statuses).every(
    ({ up, processes }) => up && processes.every((process) => failures(process).length === 0),
  );
}
