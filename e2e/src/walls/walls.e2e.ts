import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inboxPrefix, InProcessHub, inProcessTransport, natsTransport } from '@coffer/bus';
import {
  allContracts,
  allEvents,
  audit,
  identity,
  kms,
  type Contract,
  type ServiceName,
  services,
  status,
} from '@coffer/contracts';
import { type DatabaseService, schemas } from '@coffer/database';
import { Client, type DatabaseError } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asAdministrator } from '../faults/database.ts';
import { native, onEmbedded, onLocalData, onNative, stack } from '../harness/stack.ts';
import { BusUser } from './bus-user.ts';
import { credentials, fileOf, natsUrl, pidOf, postgresPort } from './credentials.ts';

const apps = Object.keys(schemas) as DatabaseService[];
const othersOf = <Name extends string>(names: readonly Name[], own: Name): Name[] =>
  names.filter((name) => name !== own);

onNative('Postgres', () => {
  const INSUFFICIENT_PRIVILEGE = '42501';
  const WRONG_PASSWORD = '28P01';
  const tables = new Map<string, string[]>();

  async function enter(service: DatabaseService, password: string, database = 'coffer'): Promise<Client> {
    const client = new Client({
      host: '127.0.0.1',
      port: postgresPort(),
      user: schemas[service].role,
      password,
      database,
    });
    await client.connect();
    return client;
  }

  /** Acts as the service, with its own password; each statement's SQLSTATE, or `allowed`. */
  async function attempt(service: DatabaseService, statements: readonly string[]): Promise<Record<string, string>> {
    const client = await enter(service, credentials().database[service]);
    const outcomes: Record<string, string> = {};
    try {
      for (const text of statements) {
        outcomes[text] = await client.query(text).then(
          () => 'allowed',
          (error: unknown) => (error as DatabaseError).code ?? String(error),
        );
      }
    } finally {
      await client.end();
    }
    return outcomes;
  }

  const all = (statements: readonly string[], outcome: string) =>
    Object.fromEntries(statements.map((text) => [text, outcome]));
  const tablesOf = (service: DatabaseService): string[] => tables.get(schemas[service].schema) ?? [];

  beforeAll(async () => {
    const rows = await asAdministrator(stack().dataFolder!, async (client) => {
      const text = `SELECT schemaname AS schema, format('%I.%I', schemaname, tablename) AS name FROM pg_tables
                     WHERE schemaname = ANY ($1)`;
      return (await client.query<{ schema: string; name: string }>(text, [apps.map((app) => schemas[app].schema)]))
        .rows;
    });
    for (const { schema, name } of rows) tables.set(schema, [...(tables.get(schema) ?? []), name]);
  });

  it.each(apps)('lets %s read and create in its own schema', async (service) => {
    const reads = tablesOf(service).map((table) => `SELECT * FROM ${table} LIMIT 1`);
    const statements = [...reads, 'BEGIN', `CREATE TABLE ${schemas[service].schema}.passing (x int)`, 'ROLLBACK'];
    expect(await attempt(service, statements)).toEqual(all(statements, 'allowed'));
    // The gateway's schema has no table yet.
    expect(reads.length > 0).toBe(service !== 'gateway');
  });

  it.each(apps)('lets %s neither read nor write nor create in any other', async (service) => {
    const attempts = othersOf(apps, service).flatMap((other) => [
      ...tablesOf(other).flatMap((table) => [`SELECT * FROM ${table} LIMIT 1`, `DELETE FROM ${table} WHERE false`]),
      `CREATE TABLE ${schemas[other].schema}.intruder (x int)`,
      `SET ROLE ${schemas[other].role}`,
    ]);
    expect(await attempt(service, attempts)).toEqual(all(attempts, INSUFFICIENT_PRIVILEGE));
  });

  it.each(apps)('lets %s not at what belongs to the server', async (service) => {
    const attempts = [
      'CREATE TABLE public.intruder (x int)',
      'CREATE SCHEMA intruder',
      'CREATE ROLE intruder',
      'CREATE TEMP TABLE intruder (x int)',
      'SELECT * FROM pg_shadow',
      'SELECT rolpassword FROM pg_authid',
      `SELECT pg_read_file('postmaster.pid')`,
      `COPY (SELECT 1) TO PROGRAM 'true'`,
      'SET ROLE postgres',
    ];
    expect(await attempt(service, attempts)).toEqual(all(attempts, INSUFFICIENT_PRIVILEGE));
  });

  it.each(apps)('shows %s no statement of another', async (service) => {
    const client = await enter(service, credentials().database[service]);
    const seen = `SELECT DISTINCT query FROM pg_stat_activity WHERE datname = 'coffer' AND usename <> current_user`;
    const { rows } = await client.query<{ query: string }>(seen);
    await client.end();
    expect(rows).toEqual([{ query: '<insufficient privilege>' }]);
  });

  it.each(apps)('asks %s for its own password, and lets it into its own database alone', async (service) => {
    const own = credentials().database[service];
    for (const other of othersOf(apps, service)) {
      const entering = enter(service, credentials().database[other]);
      await expect(entering).rejects.toMatchObject({ code: WRONG_PASSWORD });
    }
    for (const database of ['postgres', 'template1']) {
      await expect(enter(service, own, database)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE });
    }
  });
});

onNative('the bus', () => {
  const EVERYTHING = ['>', '*', '*.>', '*.*.*', '*.*.*.*.*', 'coffer.>', '_INBOX.>', '$SYS.>', '$JS.>'];
  const users = new Map<ServiceName, BusUser>();
  const as = (service: ServiceName): BusUser => users.get(service)!;

  beforeAll(async () => {
    for (const service of services) users.set(service, await BusUser.enter(service));
  });
  afterAll(async () => {
    for (const user of users.values()) await user.leave();
  });

  /** A call by the product's own client, for the service, with the password of `user`. */
  async function call<Request, Reply>(
    service: ServiceName,
    contract: Contract<Request, Reply>,
    message: Request,
    user: ServiceName = service,
  ): Promise<Reply> {
    const transport = await natsTransport({ servers: [natsUrl()], service, user, password: credentials().bus[user] });
    try {
      return await transport.client.call(contract, message);
    } finally {
      await transport.drain();
    }
  }

  const legitimate: Partial<Record<ServiceName, () => Promise<unknown>>> = {
    gateway: () => call('gateway', identity.userArn, { accountId: '0'.repeat(12), userName: 'nobody' }),
    identity: () => call('identity', kms.serviceKey.identity, {}),
    governance: () => call('governance', kms.serviceKey.governance, {}),
    'object-storage': () => call('object-storage', identity.resolvePrincipals, { arns: [], ids: [] }),
    audit: () => call('audit', audit.outboxes.identity.pending, { minAgeMs: 3_600_000, limit: 1 }),
    operator: () => call('operator', identity.listAccounts, {}),
  };

  it.each(services)('carries the calls that %s is there to make', async (service) => {
    const calls = legitimate[service];
    const isCaller = allContracts.some((contract) => contract.callers.includes(service));
    expect(calls !== undefined).toBe(isCaller);
    expect(await calls?.()).toEqual(isCaller ? expect.any(Object) : undefined);
  });

  it('lets the operator publish where it is a caller, and tells so here', async () => {
    // Without an inbox to answer to, and without a message, it has no effect.
    const subjects = apps.map((service) => `${status[service].subject}.operator`);
    expect(await as('operator').publish([...subjects, 'anything'])).toEqual(subjects);
  });

  it.each(services)(
    'lets %s publish on no subject whose caller it is not, nor in the name of another',
    async (service) => {
      const subjects = allContracts.flatMap((contract) =>
        services
          .filter((name) => name !== service || !contract.callers.includes(service))
          .map((name) => `${contract.subject}.${name}`),
      );
      const events = allEvents.filter((event) => event.service !== service).map((event) => event.subject);
      const bare = allContracts.map((contract) => contract.subject);
      const attempts = [...subjects, ...events, ...bare, '$SYS.REQ.SERVER.PING', '$JS.API.INFO', 'anything'];
      expect(attempts.length).toBeGreaterThan(allContracts.length * services.length);
      expect(await as(service).publish(attempts)).toEqual([]);
    },
  );

  it.each(services)('lets %s listen where it is served, and to its own replies', async (service) => {
    const served = allContracts.filter((contract) => contract.service === service);
    const heard = allEvents.filter((event) => event.listeners.includes(service));
    const own = [
      `${inboxPrefix(service)}.walls.*`,
      ...heard.map((event) => event.subject),
      ...served.slice(0, 1).map((contract) => `${contract.subject}.*`),
    ];
    expect(await as(service).subscribe(own)).toEqual(own);
  });

  it.each(services)('lets %s listen neither to others nor to everything, alone or in a queue', async (service) => {
    const others = othersOf(services, service);
    const foreign = allContracts.filter((contract) => contract.service !== service);
    const attempts = [
      ...foreign.flatMap((contract) => [`${contract.subject}.*`, `${contract.subject}.${service}`]),
      ...allEvents.filter((event) => !event.listeners.includes(service)).map((event) => event.subject),
      ...others.flatMap((other) => [`coffer.v1.${other}.>`, `${inboxPrefix(other)}.>`, `${inboxPrefix(other)}.*.*`]),
      ...EVERYTHING,
    ];
    expect(await as(service).subscribe(attempts)).toEqual([]);
    expect(await as(service).subscribe(attempts, 'coffer')).toEqual([]);
  });

  it.each(services)('lets %s put no reply into the inbox of another', async (service) => {
    const inboxes = othersOf(services, service).map((other) => `${inboxPrefix(other)}.guessed.1`);
    expect(await as(service).publish(inboxes)).toEqual([]);
  });

  it('gives the service key to identity, the same each time', async () => {
    const [one, two] = [
      await call('identity', kms.serviceKey.identity, {}),
      await call('identity', kms.serviceKey.identity, {}),
    ];
    expect(one.key).toHaveLength(32);
    expect(Buffer.from(one.key).equals(two.key)).toBe(true);
    expect(Buffer.from(one.key).equals((await call('governance', kms.serviceKey.governance, {})).key)).toBe(false);
  });

  it.each(othersOf(services, 'identity'))('gives the service key of identity not to %s', async (service) => {
    // Its own code would not even ask; the broker has to refuse one whose code was changed.
    const asking = call(service, { ...kms.serviceKey.identity, callers: [service] }, {});
    await expect(asking).rejects.toMatchObject({ code: 'NotPermitted' });
    const pretending = call('identity', kms.serviceKey.identity, {}, service);
    await expect(pretending).rejects.toMatchObject({ code: 'NotPermitted' });
  });

  it('lets nobody in without a password of its own', async () => {
    for (const service of services) {
      for (const other of othersOf(services, service)) {
        await expect(BusUser.enter(service, credentials().bus[other])).rejects.toThrow(/authorization violation/i);
      }
      await expect(BusUser.enter(service, '')).rejects.toThrow(/authorization violation/i);
    }
  });
});

onNative('the environment of each process', () => {
  const BLOB_TIER: readonly string[] = ['gateway', 'object-storage'];
  const text = (name: string, file: 'environ' | 'cmdline') => readFileSync(`/proc/${pidOf(name)}/${file}`, 'utf8');
  const environmentOf = (name: string) =>
    new Map(
      text(name, 'environ')
        .split('\0')
        .map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]),
    );
  const processes = [...apps, 'nats', 'minio'];

  it.each(apps)('of %s holds the passwords of this service and of no other', (service) => {
    const { database, bus } = credentials();
    const found = text(service, 'environ');
    expect(found.includes(database[service]) && found.includes(bus[service])).toBe(true);
    const foreign = [
      ...othersOf(apps, service).map((other) => database[other]),
      ...othersOf(services, service).map((other) => bus[other]),
      fileOf('postgres', 'postgres.secret').trim(),
    ];
    expect(foreign.filter((password) => found.includes(password))).toEqual([]);
  });

  it('has the credentials of the blob tier in gateway and object-storage alone', () => {
    const { minio } = credentials();
    const names = ['COFFER_BLOB_ENDPOINT', 'COFFER_BLOB_ACCESS_KEY', 'COFFER_BLOB_SECRET_KEY', 'COFFER_BLOB_BUCKET'];
    for (const app of apps) {
      const has = BLOB_TIER.includes(app);
      expect(names.filter((name) => environmentOf(app).has(name))).toEqual(has ? names : []);
      expect([app, text(app, 'environ').includes(minio.password)]).toEqual([app, has]);
      expect([app, text(app, 'environ').includes(minio.user)]).toEqual([app, has]);
    }
  });

  it('tells kms alone where the root key is', () => {
    const key = fileOf('keys', 'root.key').trim();
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    const knowing = processes.filter((name) =>
      [...environmentOf(name)].some(
        ([variable, value]) =>
          variable.startsWith('COFFER_ROOT_KEY') || value.includes('root.key') || value.includes(key),
      ),
    );
    expect(knowing).toEqual(['kms']);
  });

  it('of the bus has the passwords of its users alone, that of the blob tier none of a service', () => {
    const { database, bus, minio } = credentials();
    const heldBy = (name: string, passwords: string[]) =>
      passwords.filter((password) => text(name, 'environ').includes(password));
    expect(heldBy('nats', Object.values(database))).toEqual([]);
    // The broker asks for these; its configuration file names them only.
    expect(heldBy('nats', Object.values(bus))).toHaveLength(Object.values(bus).length);
    expect(heldBy('minio', [...Object.values(database), ...Object.values(bus)])).toEqual([]);
    expect(text('minio', 'environ')).toContain(minio.password);
    expect(text('nats', 'environ')).not.toContain(minio.password);
  });

  it('is where secrets are given, never the command line, which everybody on the host can read', () => {
    const { database, bus, minio } = credentials();
    const secrets = [
      ...Object.values(database),
      ...Object.values(bus),
      minio.password,
      fileOf('keys', 'root.key').trim(),
    ];
    for (const name of processes) {
      expect(text(name, 'cmdline').length).toBeGreaterThan(0);
      expect(secrets.filter((secret) => text(name, 'cmdline').includes(secret))).toEqual([]);
    }
  });
});

onEmbedded('the bus within one process', () => {
  it('carries a call of those who may make it, and of nobody else', async () => {
    const hub = new InProcessHub();
    for (const service of services) {
      const { client } = inProcessTransport(hub, service);
      for (const contract of allContracts) {
        // Nobody answers here: what passes the wall finds no receiver.
        const wanted = contract.callers.includes(service) ? 'Unavailable' : 'NotPermitted';
        // As much of a message as says which batch it belongs to.
        const asking = client.call(contract, { revision: { bucketId: 'b' } }, { timeoutMs: 50 });
        await expect(asking, `${service} calls ${contract.subject}`).rejects.toMatchObject({ code: wanted });
      }
    }
  });
});

onLocalData('the data folder', () => {
  const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8);
  const folder = () => stack().dataFolder!;
  const everywhere = ['keys/root.key', 'postgres/postgres.secret', 'tls/ca.key', 'tls/server.key'];
  const ofNative = ['secrets/passwords.json', 'secrets/operator.json', 'nats/nats.conf'];

  it('is open to its owner alone, and so is every folder in it', () => {
    const folders = readdirSync(folder(), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.length).toBeGreaterThan(0);
    const modes = ['.', ...folders.map(({ name }) => name)].map((name) => [name, modeOf(join(folder(), name))]);
    expect(modes).toEqual(modes.map(([name]) => [name, '700']));
  });

  it('keeps each secret in a file that its owner alone can read', () => {
    const secrets = [...everywhere, ...(native ? ofNative : ['coffer.sock'])];
    expect(secrets.map((name) => [name, modeOf(join(folder(), name))])).toEqual(secrets.map((name) => [name, '600']));
  });

  it('shows its logs to nobody else', () => {
    const logs = readdirSync(join(folder(), 'logs'));
    expect(logs.length).toBeGreaterThan(0);
    expect(logs.map((name) => [name, modeOf(join(folder(), 'logs', name))])).toEqual(logs.map((name) => [name, '600']));
  });
});
