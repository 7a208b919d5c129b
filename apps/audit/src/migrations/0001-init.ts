import type { Migration } from '@coffer/database';

/** First tables of audit: request records by day, gaps, leases of background work. */
export const init: Migration = {
  id: 1,
  name: 'init',
  sql: `
    -- In the order of a request's life; a later phase's fields win over an earlier one's.
    CREATE TYPE record_phase AS ENUM ('draft', 'open', 'closed', 'corrected');
    CREATE TYPE record_source AS ENUM ('gateway', 'drained');

    -- One row per request. data is the record without requestId and phase; the columns generated from it are those
    -- that are searched and counted. day is the UTC day of the time inside the request id.
    CREATE TABLE records (
      request_id text COLLATE "C" NOT NULL,
      day date NOT NULL,
      phase record_phase NOT NULL,
      source record_source NOT NULL,
      data jsonb NOT NULL,
      time timestamptz NOT NULL GENERATED ALWAYS AS (to_timestamp((data->>'time')::float8 / 1000)) STORED,
      bucket text COLLATE "C" GENERATED ALWAYS AS (data->>'bucket') STORED,
      operation text COLLATE "C" NOT NULL GENERATED ALWAYS AS (data->>'operation') STORED,
      status integer GENERATED ALWAYS AS ((data->>'status')::integer) STORED,
      error_code text COLLATE "C" GENERATED ALWAYS AS (data->>'errorCode') STORED,
      requester_account text COLLATE "C" GENERATED ALWAYS AS (data#>>'{requester,accountId}') STORED,
      requester_arn text COLLATE "C" GENERATED ALWAYS AS (data#>>'{requester,arn}') STORED,
      PRIMARY KEY (request_id, day)
    ) PARTITION BY RANGE (day);

    -- Request ids are ordered by time, so this serves the newest of a bucket and a bucket's time range.
    CREATE INDEX records_bucket ON records (bucket, request_id) WHERE bucket IS NOT NULL;
    -- Only long reads under way are in here.
    CREATE INDEX records_open ON records (time) WHERE phase = 'open';

    -- Requests that a gateway refused without being able to record them one by one.
    CREATE TABLE gaps (
      gap_id text PRIMARY KEY,
      gateway text NOT NULL,
      from_time timestamptz NOT NULL,
      to_time timestamptz NOT NULL,
      counts jsonb NOT NULL,
      received_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );

    -- Which replica does a piece of background work; it runs out by itself when that replica dies.
    CREATE TABLE leases (
      name text PRIMARY KEY,
      holder text NOT NULL,
      until timestamptz NOT NULL
    );
  `,
};
