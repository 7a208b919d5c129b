import type { Migration } from '@coffer/database';

/** First tables of the key service: the root key's check value, keys with their material, the services' own keys. */
export const init: Migration = {
  id: 1,
  name: 'init',
  sql: `
    -- One row: tells the right root key from a wrong one. check_value is a fixed text wrapped by the root key.
    CREATE TABLE root_key (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      root_key_id text NOT NULL,
      check_value bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE keys (
      key_id text PRIMARY KEY,
      account_id text NOT NULL,
      purpose text NOT NULL,
      enabled boolean NOT NULL DEFAULT true,
      created_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (account_id, purpose)
    );

    -- What a key encrypts with. Wrapped keys name the generation, so that older ones stay readable.
    -- wrapped_by and format repeat what stands inside wrapped, to find rows that a new root key or format concerns.
    CREATE TABLE key_material (
      key_id text NOT NULL REFERENCES keys,
      generation integer NOT NULL CHECK (generation > 0),
      wrapped bytea NOT NULL,
      wrapped_by text NOT NULL,
      format smallint NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (key_id, generation)
    );

    -- Keys under which other services keep their own secrets.
    CREATE TABLE service_keys (
      service text PRIMARY KEY,
      key_id text NOT NULL UNIQUE,
      wrapped bytea NOT NULL,
      wrapped_by text NOT NULL,
      format smallint NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
  `,
};
