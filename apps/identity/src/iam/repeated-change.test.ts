import { audit } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { describe, expect, test } from 'vitest';
import { faultOf, newRequestId } from '../testkit/identity.ts';
import { identityWorld } from '../testkit/world.ts';

const world = identityWorld('identity_changes');

describe('a repeated change', () => {
  test('is made once and answered alike, the secret included, which is not stored', async () => {
    const root = await world.newRoot();
    await root.call('CreateUser', { UserName: 'ann' });
    const requestId = newRequestId();
    const create = () => root.call('CreateAccessKey', { UserName: 'ann' }, requestId);
    const outputs = [...(await Promise.all([create(), create(), create()])), await create()];
    for (const output of outputs) expect(output).toEqual(outputs[0]);
    expect((await root.call('ListAccessKeys', { UserName: 'ann' })).AccessKeyMetadata).toHaveLength(1);
    const secret = outputs[0].AccessKey.SecretAccessKey as string;
    const stored = JSON.stringify([
      await world.database().query(sql('test.iam.outbox', 'SELECT o::text FROM outbox o')),
      await world.database().query(sql('test.iam.keys', 'SELECT k::text FROM access_keys k')),
    ]);
    expect(stored).toContain(outputs[0].AccessKey.AccessKeyId);
    for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')]) {
      expect(stored).not.toContain(form);
    }
  });

  test('that removes something is answered, not refused', async () => {
    const root = await world.newRoot();
    await root.call('CreateUser', { UserName: 'ann' });
    const requestId = newRequestId();
    const remove = () => root.call('DeleteUser', { UserName: 'ann' }, requestId);
    expect(await Promise.all([remove(), remove(), remove()])).toEqual([{}, {}, {}]);
    expect(await remove()).toEqual({});
    expect((await faultOf(root.call('DeleteUser', { UserName: 'ann' }))).code).toBe('NoSuchEntity');
  });

  test('leaves its draft for audit, once, until that is settled; a refused one leaves none', async () => {
    const root = await world.newRoot();
    const [done, refused] = [newRequestId(), newRequestId()];
    await root.call('CreateUser', { UserName: 'ann' }, done);
    await faultOf(root.call('CreateUser', { UserName: 'ann' }, refused));
    const auditor = world.client('audit');
    const pending = async () => {
      const reply = await auditor.call(audit.outboxes.identity.pending, { minAgeMs: 0, limit: 1000 });
      return reply.entries.filter((entry) => [done, refused].includes(entry.requestId));
    };
    expect(await pending()).toMatchObject([
      { requestId: done, draft: { requestId: done, phase: 'draft', operation: 'CreateUser', status: 200 } },
    ]);
    await auditor.call(audit.outboxes.identity.settle, { requestIds: [done] });
    expect(await pending()).toEqual([]);
    await root.call('CreateUser', { UserName: 'ann' }, done);
  });
});
