import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { count, text } from '../shared/input.ts';

const MAX_BUCKETS = 10_000;

const find = sql(
  'buckets.list',
  `SELECT name, region, created_at FROM buckets
    WHERE owner_account_id = $1 AND name > $2 AND name >= $3 AND starts_with(name, $3) AND ($4::text IS NULL OR region = $4)
    ORDER BY name LIMIT $5`,
);

interface Row {
  name: string;
  region: string;
  created_at: number;
}

/** The caller's own buckets by name; in pages when MaxBuckets says so. */
export async function listBuckets(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const { input } = message;
  const { accountId, canonicalId, kind } = message.caller.principal;
  if (kind === 'anonymous') throw s3Error('AccessDenied');
  const scope = `ListBuckets\0${accountId}`;
  const most = count(input, 'MaxBuckets', 'max-buckets', MAX_BUCKETS, 1);
  const prefix = text(input, 'Prefix');
  const region = text(input, 'BucketRegion');
  const token = text(input, 'ContinuationToken');
  const after = token === undefined ? '' : deps.ids.positionOf(scope, token);
  if (after === undefined) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'continuation-token', ArgumentValue: token ?? '' },
      { message: 'The continuation token provided is incorrect' },
    );
  }
  if ([prefix, region].some((value) => value?.includes('\0'))) throw s3Error('InvalidArgument');
  const rows = await deps.db.query<Row>(find, [accountId, after, prefix ?? '', region ?? null, most + 1]);
  const page = rows.slice(0, most);
  const last = page.at(-1);
  const asked = input.MaxBuckets !== undefined || prefix !== undefined || region !== undefined || token !== undefined;
  return {
    output: {
      Buckets: page.map((row) => ({
        Name: row.name,
        CreationDate: new Date(Math.floor(row.created_at / 1000) * 1000),
        ...(asked ? { BucketRegion: row.region } : {}),
      })),
      Owner: { ID: canonicalId },
      ...(rows.length > most && last ? { ContinuationToken: deps.ids.newToken(scope, last.name) } : {}),
      ...(prefix === undefined ? {} : { Prefix: prefix }),
    },
  };
}
