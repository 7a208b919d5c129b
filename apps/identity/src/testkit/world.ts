import type { BusClient } from '@coffer/bus';
import { identity as contracts, type PrincipalFacts, type ServiceName } from '@coffer/contracts';
import type { Database } from '@coffer/database';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, beforeAll } from 'vitest';
import { Asker, newRoot, startIdentity, type TestIdentity } from './identity.ts';

/** A policy with characters that are percent-encoded when it is shown. */
export const POLICY =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b\'(*)"}]}';

/** Runs an identity service on a database of its own during the tests of one file. @param name of the database */
export function identityWorld(name: string) {
  let postgres: TestPostgres;
  let identity: TestIdentity;
  let database: Database;
  beforeAll(async () => {
    postgres = await testPostgres(name);
    database = postgres.open('identity');
    identity = await startIdentity(postgres.urlFor('identity'));
  });
  afterAll(async () => {
    await identity.stop();
    await postgres.close();
  });
  const day = () => new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const resolve = (accessKeyId: string) =>
    identity.client('gateway').call(contracts.resolveKey, { accessKeyId, date: day(), region: 'r', service: 's3' });
  return {
    resolve,
    database: () => database,
    client: (service: ServiceName): BusClient => identity.client(service),
    asker: (principal: PrincipalFacts) => new Asker(identity, principal),
    newRoot: () => newRoot(identity),
    /** A user of the account that asks by itself. */
    async newUser(root: Asker, userName: string): Promise<{ user: Asker; accessKeyId: string }> {
      await root.call('CreateUser', { UserName: userName });
      const { AccessKey } = await root.call('CreateAccessKey', { UserName: userName });
      const { principal } = await resolve(AccessKey.AccessKeyId);
      return { user: new Asker(identity, principal), accessKeyId: AccessKey.AccessKeyId };
    },
  };
}
