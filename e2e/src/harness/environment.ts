import { join } from 'node:path';

/** Settings of the machine that would change what a client does or whom it trusts. */
const FOREIGN =
  /^(AWS_|COFFER_|BOTO|SSL_CERT|CURL_|REQUESTS_|NODE_EXTRA_CA|NODE_OPTIONS|VITEST|PGHOST|PG[A-Z]+$)|_proxy$/i;

/** The environment without anything that a client or a server would pick up from the machine. */
export function plainEnvironment(scratch: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const binaries = Object.entries(process.env).filter(([name]) => /^COFFER_(NATS|MINIO)_BIN$/.test(name));
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(binaries),
    GOPATH: process.env['GOPATH'] ?? join(process.env['HOME'] ?? '/', 'go'),
    TMPDIR: join(scratch, 'tmp'),
    NO_COLOR: '1',
  };
}

/** The environment of a client: a home of its own and no configuration but what the test gives. */
export function clientEnvironment(scratch: string): NodeJS.ProcessEnv {
  const home = join(scratch, 'home');
  return {
    ...plainEnvironment(scratch),
    HOME: home,
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    AWS_MAX_ATTEMPTS: '1',
    PYTHONWARNINGS: 'ignore',
  };
}
