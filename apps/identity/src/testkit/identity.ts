import { randomBytes, randomUUID } from 'node:crypto';
import { type BusClient, handle, InProcessHub, inProcessTransport } from '@coffer/bus';
import {
  type Caller,
  type Fault,
  identity as contracts,
  kms,
  type PrincipalFacts,
  type RequestRecord,
  type ServiceName,
} from '@coffer/contracts';
import { createLogger, type RunningService, startNest } from '@coffer/service-kit';
import { IdentityModule } from '../app.module.ts';
import { identity } from '../index.ts';

export const SERVICE_KEY = { keyId: 'identity-test', key: randomBytes(32) };
const logger = createLogger({ service: 'identity', level: 'silent' });

/** A running identity service with the bus clients of those who may call it. */
export interface TestIdentity {
  readonly hub: InProcessHub;
  readonly service: RunningService;
  client(service: ServiceName): BusClient;
  stop(): Promise<void>;
}

/** The key service's one call that identity makes. Returns the function that stops it. */
export async function serveServiceKey(hub: InProcessHub): Promise<() => Promise<void>> {
  const release = handle(kms.serviceKey.identity, async () => ({
    keyId: SERVICE_KEY.keyId,
    key: Buffer.from(SERVICE_KEY.key),
  }));
  const nest = await startNest(IdentityModule, inProcessTransport(hub, 'kms'), [release], logger);
  return () => nest.close();
}

export async function startIdentity(
  databaseUrl: string,
  options: { env?: NodeJS.ProcessEnv; kms?: boolean } = {},
): Promise<TestIdentity> {
  const hub = new InProcessHub();
  const stopKms = options.kms === false ? async () => undefined : await serveServiceKey(hub);
  const service = await identity.start({
    env: { COFFER_DATABASE_URL: databaseUrl, ...options.env },
    transport: inProcessTransport(hub, 'identity'),
    logger,
  });
  return {
    hub,
    service,
    client: (name) => inProcessTransport(hub, name).client,
    stop: async () => {
      await service.stop();
      await stopKms();
    },
  };
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function newRequestId(): string {
  return Array.from(randomBytes(26), (byte) => CROCKFORD[byte & 31]).join('');
}

export function draftOf(caller: Caller, operation: string): RequestRecord {
  return {
    requestId: caller.requestId,
    phase: 'draft',
    time: Date.now(),
    gateway: 'test',
    region: caller.region,
    api: 'iam',
    operation,
    method: 'POST',
    uri: '/',
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- outputs are AWS's, read member by member in tests
type Output = any;

/** Calls IAM operations in somebody's name, as a gateway does. */
export class Asker {
  readonly #bus: BusClient;
  readonly principal: PrincipalFacts;

  constructor(identityService: TestIdentity, principal: PrincipalFacts) {
    this.#bus = identityService.client('gateway');
    this.principal = principal;
  }

  async call(
    name: keyof typeof contracts.identityOperations,
    input: object = {},
    requestId = newRequestId(),
    userArn?: string,
  ): Promise<Output> {
    const caller: Caller = { requestId, principal: this.principal, region: 'us-east-1' };
    const reply = await this.#bus.call(contracts.identityOperations[name], {
      caller,
      input: { ...input },
      time: Date.now(),
      draft: draftOf(caller, name),
      ...(userArn === undefined ? {} : { userArn }),
    });
    return reply.output;
  }
}

export async function newRoot(service: TestIdentity, name = `account-${randomUUID().slice(0, 8)}`): Promise<Asker> {
  const account = await service.client('operator').call(contracts.createAccount, { name, operationId: randomUUID() });
  return new Asker(service, {
    kind: 'root',
    accountId: account.accountId,
    arn: `arn:aws:iam::${account.accountId}:root`,
    userId: account.accountId,
    canonicalId: account.canonicalId,
  });
}

export async function faultOf(call: Promise<unknown>): Promise<Fault> {
  return await call.then(
    () => {
      throw new Error('The call should have failed.');
    },
    (error: unknown) => error as Fault,
  );
}
