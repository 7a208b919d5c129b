import { newBlobId } from '@coffer/blob-store';
import { Outbox } from '@coffer/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { placeWithGrants } from '../objects/place-with-grants.ts';
import { callerOf, draftOf, startWorld, type World } from '../testkit/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

it('a broken constraint is told of, unless it is one that breaks in good order', async () => {
  const logged: object[] = [];
  const log = { error: (details: object) => void logged.push(details) };
  const deps = { db: world.db, outbox: new Outbox(world.db), log } as unknown as Deps;
  const blobId = newBlobId();
  const claim = async (state: string) => {
    const caller = callerOf();
    const results = await placeWithGrants(deps, [{ caller, draft: draftOf(caller, 'PutObject') }], async () => {
      await world.query('INSERT INTO blob_claims (blob_id, state) VALUES ($1, $2)', [blobId, state]);
      return [{ reply: {}, replayed: false }];
    });
    return { result: results[0], requestId: caller.requestId };
  };
  expect((await claim('live')).result).toEqual({});
  expect((await claim('live')).result).toMatchObject({ code: 'OperationAborted' });
  expect(logged).toEqual([]);
  const { result, requestId } = await claim('nonsense');
  expect(result).toMatchObject({ code: 'OperationAborted', status: 409 });
  expect(logged).toEqual([{ requestId, sqlState: '23514', constraint: 'blob_claims_state_check' }]);
});
