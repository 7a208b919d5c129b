import type { BusEvent, Contract, ServiceName } from '@coffer/contracts';
import { natsPermissions } from './permissions.ts';

/** Largest message that the shipped broker carries. 256 small objects of 16 KiB answer one batch. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

/** How long a receiver may take to answer; longer than any contract's deadline. */
const RESPONSE_WINDOW = '10m';

export interface NatsConfigOptions {
  /** One bus user per service; its name is the service's. A password may also be a bcrypt hash (`$2a$…`). */
  users: readonly { service: ServiceName; password: string }[];
  contracts: readonly Contract[];
  events: readonly BusEvent[];
  /** Loopback when absent. */
  host?: string;
  /** 4222 when absent; -1 lets the server choose. */
  port?: number;
  /** Folder of JetStream; without it JetStream is off. */
  storeDir?: string;
  /** With `caFile` clients too must show a certificate, issued by one of these authorities. */
  tls?: { certFile: string; keyFile: string; caFile?: string };
  /** Loopback port of the server's own HTTP monitoring; off when absent. */
  monitorPort?: number;
  serverName?: string;
}

/** Printable ASCII in double quotes; backslash and quote are the only characters that need an escape there. */
function quote(value: string): string {
  if (!/^[\x20-\x7e]*$/.test(value)) throw new TypeError('NATS configuration takes printable ASCII only');
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function list(subjects: readonly string[]): string {
  // An empty allow list would mean everything.
  return subjects.length === 0 ? '{ deny: [">"] }' : `{ allow: [${subjects.map((each) => quote(each)).join(', ')}] }`;
}

/** Text of a nats-server configuration file. It holds the passwords: write it with mode 0600. */
export function renderNatsConfig(options: NatsConfigOptions): string {
  const users = options.users.map(({ service, password }) => {
    if (password.length === 0) throw new TypeError(`The bus user ${service} has no password`);
    const { publish, subscribe } = natsPermissions(service, options.contracts, options.events);
    return `    {
      user: ${quote(service)}, password: ${quote(password)}
      permissions: {
        publish: ${list(publish)}
        subscribe: ${list(subscribe)}
        allow_responses: { max: 1, expires: "${RESPONSE_WINDOW}" }
      }
    }`;
  });
  const lines = [
    `server_name: ${quote(options.serverName ?? 'coffer')}`,
    `host: ${quote(options.host ?? '127.0.0.1')}`,
    `port: ${options.port ?? 4222}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
  ];
  if (options.monitorPort !== undefined) lines.push(`http: "127.0.0.1:${options.monitorPort}"`);
  if (options.storeDir !== undefined) {
    // Without `always` an acknowledged message can be lost when the power fails.
    lines.push(`jetstream: { store_dir: ${quote(options.storeDir)}, sync_interval: always }`);
  }
  if (options.tls) {
    const { certFile, keyFile, caFile } = options.tls;
    const authority = caFile === undefined ? '' : `, ca_file: ${quote(caFile)}, verify: true`;
    lines.push(`tls: { cert_file: ${quote(certFile)}, key_file: ${quote(keyFile)}${authority} }`);
  }
  lines.push(`authorization: {\n  users: [\n${users.join('\n')}\n  ]\n}`);
  return `${lines.join('\n')}\n`;
}
