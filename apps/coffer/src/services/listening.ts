import { isIPv6 } from 'node:net';
import type { Endpoints } from '../operator/operator.ts';
import { serverNames, type TlsFiles } from '../tls/authority.ts';

/** Where a gateway listens, as asked for at the command line. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** 0: no HTTPS. */
  readonly httpsPort: number;
  /** Other gateways listen there too. */
  readonly sharedPort?: boolean;
}

const EVERYWHERE: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** An address that a client on this machine can use. */
export function endpointsOf(listening: Listening, tls: TlsFiles, env: NodeJS.ProcessEnv): Endpoints {
  const { host, port, httpsPort } = listening;
  const local = EVERYWHERE.get(host) ?? host;
  const secure = local === '127.0.0.1' || local === '::1' ? 'localhost' : local;
  return {
    endpoint: `http://${bracketed(local)}:${port}`,
    ...(httpsPort === 0 ? {} : { httpsEndpoint: `https://${bracketed(secure)}:${httpsPort}` }),
    caFile: tls.caFile,
    region: env['COFFER_REGIONS']?.split(',')[0]?.trim() || 'us-east-1',
  };
}

export function certificateNames(host: string, env: NodeJS.ProcessEnv): string[] {
  const virtual = (env['COFFER_VIRTUAL_HOSTS'] ?? '').split(',').map((name) => name.trim());
  return serverNames(host, virtual.filter(Boolean));
}

/** What the gateway reads of all this. */
export function gatewaySettings(listening: Listening, tls: TlsFiles): Record<string, string> {
  return {
    COFFER_HOST: listening.host,
    COFFER_PORT: String(listening.port),
    COFFER_HTTPS_PORT: String(listening.httpsPort),
    COFFER_SHARED_PORTS: listening.sharedPort ? 'on' : 'off',
    COFFER_TLS_CERT_FILE: tls.certFile,
    COFFER_TLS_KEY_FILE: tls.keyFile,
  };
}
