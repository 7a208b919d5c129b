import { type Migration, outboxMigrationSql } from '@coffer/database';

/** First tables of identity: accounts, users, access keys, inline policies, epochs with their leases, the outbox. */
export const init: Migration = {
  id: 1,
  name: 'init',
  sql: `
    CREATE TABLE accounts (
      account_id text PRIMARY KEY CHECK (account_id ~ '^[1-9][0-9]{11}$'),
      name text NOT NULL,
      canonical_id text NOT NULL UNIQUE CHECK (canonical_id ~ '^[0-9a-f]{64}$'),
      is_first boolean NOT NULL DEFAULT false,
      -- Who asks again for the same account gets the same account.
      operation_id text,
      initial_access_key_id text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT accounts_name UNIQUE (name),
      CONSTRAINT accounts_operation UNIQUE (operation_id)
    );
    CREATE UNIQUE INDEX accounts_first ON accounts (is_first) WHERE is_first;

    CREATE TABLE users (
      user_id text PRIMARY KEY,
      account_id text NOT NULL REFERENCES accounts,
      user_name text COLLATE "C" NOT NULL,
      path text COLLATE "C" NOT NULL,
      tags json NOT NULL DEFAULT '[]',
      created_at timestamptz NOT NULL DEFAULT now()
    );
    -- IAM keeps the case of names but does not tell names apart by it.
    CREATE UNIQUE INDEX users_name ON users (account_id, lower(user_name));
    CREATE INDEX users_listing ON users (account_id, user_name);

    -- user_id is null for the keys of an account's root user.
    -- wrapped_by and format repeat what stands inside wrapped, to find rows that a new key or format concerns.
    CREATE TABLE access_keys (
      access_key_id text COLLATE "C" PRIMARY KEY,
      account_id text NOT NULL REFERENCES accounts,
      user_id text REFERENCES users,
      active boolean NOT NULL DEFAULT true,
      wrapped bytea NOT NULL,
      wrapped_by text NOT NULL,
      format smallint NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX access_keys_holder ON access_keys (account_id, user_id);

    -- size: characters without white space, as IAM counts its quota.
    CREATE TABLE user_policies (
      user_id text NOT NULL REFERENCES users,
      policy_name text COLLATE "C" NOT NULL,
      document text NOT NULL,
      size integer NOT NULL,
      PRIMARY KEY (user_id, policy_name)
    );

    -- One row. Every change of identity raises the epoch in its own transaction, as its last step.
    CREATE TABLE epochs (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      epoch bigint NOT NULL
    ) WITH (fillfactor = 10);
    INSERT INTO epochs (epoch) VALUES (1);

    -- The account that each of the last epochs concerned.
    CREATE TABLE changes (
      epoch bigint PRIMARY KEY,
      account_id text NOT NULL
    );

    -- The leases of each gateway that may still be trusted there: when the last one under each epoch was given out.
    -- Unlogged: renewing costs no flush, and a crash of Postgres empties the table.
    CREATE UNLOGGED TABLE leases (
      gateway text COLLATE "C",
      epoch bigint,
      renewed_at timestamptz NOT NULL,
      PRIMARY KEY (gateway, epoch)
    ) WITH (fillfactor = 50);

    -- Lost in the same crash as the leases: while its row is missing or young, leases may be out that nobody knows of.
    CREATE UNLOGGED TABLE lease_memory (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      since timestamptz NOT NULL
    );
    INSERT INTO lease_memory (since) VALUES ('-infinity');
    ${outboxMigrationSql}
  `,
};
