import type { Migration } from '@coffer/database';

/** First table of governance: what may be destroyed. */
export const init: Migration = {
  id: 1,
  name: 'init',
  sql: `
    -- A row says: this version may be, and will be, destroyed. Never withdrawn. settled_at: object-storage has done it.
    CREATE TABLE deletion_grants (
      grant_id uuid PRIMARY KEY,
      bucket_id text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      internal_version_id text COLLATE "C" NOT NULL,
      request_id text NOT NULL,
      requester_arn text NOT NULL,
      purpose text NOT NULL CHECK (purpose IN ('delete', 'replace')),
      -- The record of the request that asked; it is stored with the deletion when a crash made that late.
      draft json NOT NULL,
      granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      settled_at timestamptz,
      UNIQUE (bucket_id, key, internal_version_id)
    );
    CREATE INDEX deletion_grants_pending ON deletion_grants (granted_at) WHERE settled_at IS NULL;
    CREATE INDEX deletion_grants_settled ON deletion_grants (settled_at) WHERE settled_at IS NOT NULL;
  `,
};
