import { outboxMigrationSql, type Migration } from '@coffer/database';

/**
 * Every table leads its key with the bucket's id, so that the schema can be distributed by that column; the exceptions
 * (accounts, blob claims, the outbox) hold nothing that is looked up by bucket.
 *
 * Keys are compared byte by byte (COLLATE "C"), which for UTF-8 is S3's own order.
 */
const tables = `
-- Every statement here finds few rows by an index. Plans made while a table is still empty are kept by connections and
-- would scan it for minutes once it has grown, so the planner is told never to prefer a scan of whole tables.
DO $$
DECLARE setting text;
BEGIN
  FOREACH setting IN ARRAY ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material'] LOOP
    EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET %s = off', current_database(), setting);
  END LOOP;
END $$;

-- One row: the secret behind version ids and continuation tokens, the same for all replicas.
CREATE TABLE settings (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  id_secret bytea NOT NULL
);
INSERT INTO settings (id_secret)
  VALUES (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- Settings of S3 that belong to an account; no row means revision 0 and nothing set.
CREATE TABLE accounts (
  account_id text PRIMARY KEY,
  revision bigint NOT NULL DEFAULT 0,
  public_access_block jsonb
);

CREATE TABLE buckets (
  bucket_id uuid PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  region text NOT NULL,
  owner_account_id text NOT NULL,
  owner_canonical_id text NOT NULL,
  created_at bigint NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  versioning text NOT NULL DEFAULT 'unversioned' CHECK (versioning IN ('unversioned', 'enabled', 'suspended')),
  protected boolean NOT NULL DEFAULT false,
  policy text,
  public_access_block jsonb,
  ownership text NOT NULL CHECK (ownership IN ('BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter')),
  cors jsonb,
  bucket_key_id text
);
CREATE INDEX buckets_by_owner ON buckets (owner_account_id, name);

-- Protection is a promise: once on it stays on, whatever a program tries.
CREATE FUNCTION keep_protected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.protected AND NOT NEW.protected THEN RAISE EXCEPTION 'bucket % stays protected', OLD.bucket_id; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_protected BEFORE UPDATE ON buckets FOR EACH ROW EXECUTE FUNCTION keep_protected();

CREATE TABLE bucket_keys (
  bucket_id uuid NOT NULL,
  key_id text NOT NULL,
  wrapped bytea NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (bucket_id, key_id)
);

-- One row for each version and delete marker. order_no grows within a key: the highest is the newest.
CREATE TABLE versions (
  bucket_id uuid NOT NULL,
  key text COLLATE "C" NOT NULL,
  order_no bigint NOT NULL,
  version_id text COLLATE "C" NOT NULL,
  internal_version_id text NOT NULL,
  is_latest boolean NOT NULL,
  is_delete_marker boolean NOT NULL,
  size bigint NOT NULL,
  etag text NOT NULL,
  last_modified bigint NOT NULL,
  headers json NOT NULL,
  metadata json NOT NULL,
  tags json NOT NULL,
  tag_revision int NOT NULL DEFAULT 0,
  checksum_algorithm text,
  checksum_value text,
  checksum_type text,
  encryption json,
  wrapped_data_key bytea,
  owner_account_id text NOT NULL,
  owner_canonical_id text NOT NULL,
  blob_id text,
  -- The sealed body itself when it is small, and then neither sealed_size nor header.
  body bytea STORAGE EXTERNAL,
  sealed_size bigint,
  header bytea,
  -- Only for versions made by a multipart upload; their bytes are in version_parts.
  parts_count int
);
-- Newest first within a key: the order of ListObjectVersions, and the current version is the first hit.
CREATE UNIQUE INDEX versions_in_order ON versions (bucket_id, key, order_no DESC);
ALTER TABLE versions REPLICA IDENTITY USING INDEX versions_in_order;
CREATE UNIQUE INDEX versions_by_id ON versions (bucket_id, key, version_id);
-- What ListObjects shows: one row a key, delete markers left out.
CREATE UNIQUE INDEX versions_current ON versions (bucket_id, key) WHERE is_latest AND NOT is_delete_marker;
-- Not led by the bucket: while the table is empty every index looks equally good, and this one must not be taken for a key.
CREATE UNIQUE INDEX versions_by_internal_id ON versions (internal_version_id, bucket_id);

CREATE TABLE version_parts (
  bucket_id uuid NOT NULL,
  internal_version_id text NOT NULL,
  part_number int NOT NULL,
  start_offset bigint NOT NULL,
  size bigint NOT NULL,
  checksum text,
  blob_id text NOT NULL,
  body bytea STORAGE EXTERNAL,
  sealed_size bigint,
  header bytea,
  PRIMARY KEY (bucket_id, internal_version_id, part_number)
);
CREATE UNIQUE INDEX version_parts_by_offset ON version_parts (bucket_id, internal_version_id, start_offset, part_number);

-- Versions that are gone but whose parts are not yet: a reader in the middle of them still asks where the next ones are.
CREATE TABLE removed_versions (
  bucket_id uuid NOT NULL,
  internal_version_id text NOT NULL,
  removed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (bucket_id, internal_version_id)
);
CREATE INDEX removed_versions_by_age ON removed_versions (removed_at);

-- Buckets that are gone, but whose uploads in progress still lie here.
CREATE TABLE removed_buckets (
  bucket_id uuid PRIMARY KEY,
  removed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX removed_buckets_by_age ON removed_buckets (removed_at);

-- Uploads that were aborted, or completed without some of their parts, whose parts still lie here.
CREATE TABLE removed_uploads (
  bucket_id uuid NOT NULL,
  upload_id text COLLATE "C" NOT NULL,
  removed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (bucket_id, upload_id)
);
CREATE INDEX removed_uploads_by_age ON removed_uploads (removed_at);

CREATE TABLE uploads (
  bucket_id uuid NOT NULL,
  key text COLLATE "C" NOT NULL,
  -- Begins with the time, so that this is also the order of their beginning.
  upload_id text COLLATE "C" NOT NULL,
  internal_version_id text NOT NULL,
  initiated_at bigint NOT NULL,
  initiator_arn text NOT NULL,
  initiator_id text NOT NULL,
  owner_account_id text NOT NULL,
  owner_canonical_id text NOT NULL,
  headers json NOT NULL,
  metadata json NOT NULL,
  tags json NOT NULL,
  encryption json NOT NULL,
  wrapped_data_key bytea NOT NULL,
  checksum_algorithm text,
  checksum_type text,
  PRIMARY KEY (bucket_id, key, upload_id)
);

CREATE TABLE upload_parts (
  bucket_id uuid NOT NULL,
  upload_id text COLLATE "C" NOT NULL,
  part_number int NOT NULL,
  size bigint NOT NULL,
  etag text NOT NULL,
  last_modified bigint NOT NULL,
  checksum_algorithm text,
  checksum_value text,
  blob_id text NOT NULL,
  body bytea STORAGE EXTERNAL,
  sealed_size bigint,
  header bytea,
  PRIMARY KEY (bucket_id, upload_id, part_number)
);

-- CompleteMultipartUpload may be repeated for a day and gives the same answer.
CREATE TABLE completed_uploads (
  bucket_id uuid NOT NULL,
  key text COLLATE "C" NOT NULL,
  upload_id text COLLATE "C" NOT NULL,
  completed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  reply json NOT NULL,
  PRIMARY KEY (bucket_id, key, upload_id)
);
CREATE INDEX completed_uploads_by_age ON completed_uploads (completed_at);

-- Who owns a blob of the blob tier. A blob is claimed once, by the commit that makes it visible ('live') or by the
-- collector ('collected'): whoever comes second fails. 'doomed' blobs wait for readers still at them.
CREATE TABLE blob_claims (
  blob_id text COLLATE "C" PRIMARY KEY,
  bucket_id uuid,
  state text NOT NULL CHECK (state IN ('live', 'doomed', 'collected')),
  since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX blob_claims_waiting ON blob_claims (since, blob_id) WHERE state <> 'live';

-- How far the search for orphans has come, so that it goes on after a restart, and when a replica last began a round.
-- over_until: all blobs up to this id were looked at when nobody could make such ids any more. whole_after: where a
-- search of the whole blob tier goes on; null when none is under way.
CREATE TABLE collector_progress (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  last_round timestamptz NOT NULL DEFAULT '-infinity',
  over_until text COLLATE "C",
  whole_after text COLLATE "C",
  whole_ended timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO collector_progress DEFAULT VALUES;

-- Locks for a mutation of objects: the buckets shared, then the keys alone, each list in ascending order, so that two
-- mutations never wait for each other in a circle. All end with the transaction.
CREATE FUNCTION lock_keys(bucket_locks int[], key_locks bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE b int; k bigint;
BEGIN
  FOREACH b IN ARRAY bucket_locks LOOP PERFORM pg_advisory_xact_lock_shared(7, b); END LOOP;
  FOREACH k IN ARRAY key_locks LOOP PERFORM pg_advisory_xact_lock(k); END LOOP;
END $$;

-- The same without waiting: false as soon as one of them is not free, or somebody waits for it who came before.
CREATE FUNCTION try_lock_keys(bucket_locks int[], key_locks bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE b int; k bigint;
BEGIN
  FOREACH b IN ARRAY bucket_locks LOOP IF NOT pg_try_advisory_xact_lock_shared(7, b) THEN RETURN false; END IF; END LOOP;
  FOREACH k IN ARRAY key_locks LOOP IF NOT pg_try_advisory_xact_lock(k) THEN RETURN false; END IF; END LOOP;
  RETURN true;
END $$;
`;

/**
 * The three listings. A page without a delimiter reads its rows in the order of the index. With one, a common prefix is
 * reported when its first key is met and then jumped over by a new seek, so that the cost follows the number of
 * entries on the page, not the number of keys below them. plpgsql fetches the rows of a loop ten at a time at first, so a
 * jump leaves little behind.
 *
 * from_key: the first key that may appear (included). upper_key: the first that may not. prefix_length: in characters.
 * delimiter_next: the delimiter with its last character replaced by the following one, so that prefix text followed by it
 * is the first string behind everything that starts with the common prefix. At most max_entries rows are given back.
 */
const listings = `
CREATE FUNCTION list_objects(p_bucket uuid, from_key text, upper_key text, prefix_length int, delimiter text, delimiter_next text, max_entries int)
RETURNS TABLE (entry text, is_prefix boolean, size bigint, etag text, last_modified bigint, owner_canonical_id text, checksum_algorithm text, checksum_type text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r record;
  at_char int;
  left_over int := max_entries;
  next_key text := from_key;
BEGIN
  WHILE left_over > 0 AND next_key IS NOT NULL LOOP
    FOR r IN
      SELECT v.key, v.size, v.etag, v.last_modified, v.owner_canonical_id, v.checksum_algorithm, v.checksum_type
        FROM versions v
       WHERE v.bucket_id = p_bucket AND v.is_latest AND NOT v.is_delete_marker AND v.key >= next_key AND v.key < upper_key
       ORDER BY v.key LIMIT left_over
    LOOP
      next_key := NULL;
      at_char := CASE WHEN delimiter IS NULL THEN 0 ELSE position(delimiter IN substr(r.key, prefix_length + 1)) END;
      left_over := left_over - 1;
      IF at_char > 0 THEN
        next_key := left(r.key, prefix_length + at_char - 1) || delimiter_next;
        entry := left(r.key, prefix_length + at_char - 1) || delimiter;
        is_prefix := true; size := NULL; etag := NULL; last_modified := NULL; owner_canonical_id := NULL;
        checksum_algorithm := NULL; checksum_type := NULL;
        RETURN NEXT;
        EXIT;
      END IF;
      entry := r.key; is_prefix := false; size := r.size; etag := r.etag; last_modified := r.last_modified;
      owner_canonical_id := r.owner_canonical_id; checksum_algorithm := r.checksum_algorithm; checksum_type := r.checksum_type;
      RETURN NEXT;
      EXIT WHEN left_over = 0;
    END LOOP;
    IF NOT FOUND THEN next_key := NULL; END IF;
  END LOOP;
END $$;

-- below_order: goes on inside from_key, with versions older than this; NULL begins with all of from_key. Where from_key
-- lies below a common prefix, what is left of it counts towards that prefix.
CREATE FUNCTION list_versions(p_bucket uuid, from_key text, below_order bigint, upper_key text, prefix_length int, delimiter text, delimiter_next text, max_entries int)
RETURNS TABLE (entry text, is_prefix boolean, order_no bigint, version_id text, is_latest boolean, is_delete_marker boolean, size bigint, etag text, last_modified bigint, owner_canonical_id text, checksum_algorithm text, checksum_type text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r record;
  at_char int;
  left_over int := max_entries;
  next_key text := from_key;
BEGIN
  IF below_order IS NOT NULL THEN
    next_key := from_key || chr(1);
    at_char := CASE WHEN delimiter IS NULL THEN 0 ELSE position(delimiter IN substr(from_key, prefix_length + 1)) END;
    FOR r IN
      SELECT v.* FROM versions v
       WHERE v.bucket_id = p_bucket AND v.key = from_key AND v.key < upper_key AND v.order_no < below_order
       ORDER BY v.order_no DESC LIMIT left_over
    LOOP
      left_over := left_over - 1;
      IF at_char > 0 THEN
        next_key := left(from_key, prefix_length + at_char - 1) || delimiter_next;
        entry := left(from_key, prefix_length + at_char - 1) || delimiter;
        is_prefix := true;
        RETURN NEXT;
        EXIT;
      END IF;
      entry := r.key; is_prefix := false; order_no := r.order_no; version_id := r.version_id; is_latest := r.is_latest;
      is_delete_marker := r.is_delete_marker; size := r.size; etag := r.etag; last_modified := r.last_modified;
      owner_canonical_id := r.owner_canonical_id; checksum_algorithm := r.checksum_algorithm; checksum_type := r.checksum_type;
      RETURN NEXT;
    END LOOP;
  END IF;
  WHILE left_over > 0 AND next_key IS NOT NULL LOOP
    FOR r IN
      SELECT v.key, v.order_no, v.version_id, v.is_latest, v.is_delete_marker, v.size, v.etag, v.last_modified,
             v.owner_canonical_id, v.checksum_algorithm, v.checksum_type
        FROM versions v
       WHERE v.bucket_id = p_bucket AND v.key >= next_key AND v.key < upper_key
       ORDER BY v.key, v.order_no DESC LIMIT left_over
    LOOP
      next_key := NULL;
      at_char := CASE WHEN delimiter IS NULL THEN 0 ELSE position(delimiter IN substr(r.key, prefix_length + 1)) END;
      left_over := left_over - 1;
      IF at_char > 0 THEN
        next_key := left(r.key, prefix_length + at_char - 1) || delimiter_next;
        entry := left(r.key, prefix_length + at_char - 1) || delimiter;
        is_prefix := true; order_no := NULL; version_id := NULL; is_latest := NULL; is_delete_marker := NULL;
        size := NULL; etag := NULL; last_modified := NULL; owner_canonical_id := NULL;
        checksum_algorithm := NULL; checksum_type := NULL;
        RETURN NEXT;
        EXIT;
      END IF;
      entry := r.key; is_prefix := false; order_no := r.order_no; version_id := r.version_id; is_latest := r.is_latest;
      is_delete_marker := r.is_delete_marker; size := r.size; etag := r.etag; last_modified := r.last_modified;
      owner_canonical_id := r.owner_canonical_id; checksum_algorithm := r.checksum_algorithm; checksum_type := r.checksum_type;
      RETURN NEXT;
      EXIT WHEN left_over = 0;
    END LOOP;
    IF NOT FOUND THEN next_key := NULL; END IF;
  END LOOP;
END $$;

-- after_upload: goes on inside from_key, with uploads begun later than this one; NULL begins with all of from_key. Common
-- prefixes as above.
CREATE FUNCTION list_uploads(p_bucket uuid, from_key text, after_upload text, upper_key text, prefix_length int, delimiter text, delimiter_next text, max_entries int)
RETURNS TABLE (entry text, is_prefix boolean, upload_id text, initiated_at bigint, initiator_arn text, initiator_id text, owner_canonical_id text, checksum_algorithm text, checksum_type text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  r record;
  at_char int;
  left_over int := max_entries;
  next_key text := from_key;
BEGIN
  IF after_upload IS NOT NULL THEN
    next_key := from_key || chr(1);
    at_char := CASE WHEN delimiter IS NULL THEN 0 ELSE position(delimiter IN substr(from_key, prefix_length + 1)) END;
    FOR r IN
      SELECT u.* FROM uploads u
       WHERE u.bucket_id = p_bucket AND u.key = from_key AND u.key < upper_key AND u.upload_id > after_upload
       ORDER BY u.upload_id LIMIT left_over
    LOOP
      left_over := left_over - 1;
      IF at_char > 0 THEN
        next_key := left(from_key, prefix_length + at_char - 1) || delimiter_next;
        entry := left(from_key, prefix_length + at_char - 1) || delimiter;
        is_prefix := true;
        RETURN NEXT;
        EXIT;
      END IF;
      entry := r.key; is_prefix := false; upload_id := r.upload_id; initiated_at := r.initiated_at;
      initiator_arn := r.initiator_arn; initiator_id := r.initiator_id; owner_canonical_id := r.owner_canonical_id;
      checksum_algorithm := r.checksum_algorithm; checksum_type := r.checksum_type;
      RETURN NEXT;
    END LOOP;
  END IF;
  WHILE left_over > 0 AND next_key IS NOT NULL LOOP
    FOR r IN
      SELECT u.* FROM uploads u
       WHERE u.bucket_id = p_bucket AND u.key >= next_key AND u.key < upper_key
       ORDER BY u.key, u.upload_id LIMIT left_over
    LOOP
      next_key := NULL;
      at_char := CASE WHEN delimiter IS NULL THEN 0 ELSE position(delimiter IN substr(r.key, prefix_length + 1)) END;
      left_over := left_over - 1;
      IF at_char > 0 THEN
        next_key := left(r.key, prefix_length + at_char - 1) || delimiter_next;
        entry := left(r.key, prefix_length + at_char - 1) || delimiter;
        is_prefix := true; upload_id := NULL; initiated_at := NULL; initiator_arn := NULL; initiator_id := NULL;
        owner_canonical_id := NULL; checksum_algorithm := NULL; checksum_type := NULL;
        RETURN NEXT;
        EXIT;
      END IF;
      entry := r.key; is_prefix := false; upload_id := r.upload_id; initiated_at := r.initiated_at;
      initiator_arn := r.initiator_arn; initiator_id := r.initiator_id; owner_canonical_id := r.owner_canonical_id;
      checksum_algorithm := r.checksum_algorithm; checksum_type := r.checksum_type;
      RETURN NEXT;
      EXIT WHEN left_over = 0;
    END LOOP;
    IF NOT FOUND THEN next_key := NULL; END IF;
  END LOOP;
END $$;
`;

export const init: Migration = { id: 1, name: 'init', sql: tables + listings + outboxMigrationSql };
