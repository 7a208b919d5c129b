import { readFileSync } from 'node:fs';
import { natsTransport, type BusTransport } from '@coffer/bus';
import { loadConfig } from '@coffer/service-kit';
import { z } from 'zod';
import { UserError } from '../user-error.ts';
import type { OperatorFacts } from './operator-file.ts';
import type { Endpoints, Operator } from './operator.ts';

export function busOperator(transport: BusTransport, endpoints: Endpoints, replicas?: Operator['replicas']): Operator {
  return {
    endpoints,
    replicas,
    call: (contract, message) => transport.client.call(contract, message),
    callAll: (contract, message, expected) =>
      transport.client.callAll(contract, message, expected === undefined ? {} : { expected }),
    close: () => transport.drain(),
  };
}

/** Over the bus of a native stack. Rejects with `notRunning` when the bus is away. */
export async function natsOperator(facts: OperatorFacts, notRunning: Error): Promise<Operator> {
  const { natsUrl, password, endpoints, replicas } = facts;
  try {
    const transport = await natsTransport({ servers: [natsUrl], service: 'operator', user: 'operator', password });
    return busOperator(transport, endpoints, replicas);
  } catch {
    throw notRunning;
  }
}

/** For containers and clusters: the operator's own bus user. */
const environment = z.object({
  COFFER_NATS_URL: z.string(),
  COFFER_OPERATOR_PASSWORD: z.string(),
  COFFER_NATS_CA_FILE: z.string().optional(),
  /** What clients outside use. */
  COFFER_ENDPOINT_URL: z.string().default('http://127.0.0.1:9010'),
  COFFER_REGIONS: z.string().default('us-east-1'),
});

export async function operatorFromEnvironment(env: NodeJS.ProcessEnv): Promise<Operator> {
  const config = loadConfig(environment, env);
  const ca = config.COFFER_NATS_CA_FILE;
  const servers = config.COFFER_NATS_URL.split(',').map((each) => each.trim());
  try {
    const transport = await natsTransport({
      servers,
      service: 'operator',
      user: 'operator',
      password: config.COFFER_OPERATOR_PASSWORD,
      ...(ca === undefined ? {} : { tls: { ca: readFileSync(ca, 'utf8') } }),
    });
    const region = config.COFFER_REGIONS.split(',')[0] ?? 'us-east-1';
    return busOperator(transport, { endpoint: config.COFFER_ENDPOINT_URL, region });
  } catch (error) {
    throw new UserError(`The bus at ${servers.join(', ')} cannot be reached (${(error as Error).message}).`);
  }
}
