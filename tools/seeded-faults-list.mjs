/**
 * Faults that somebody could put into the code by mistake. Each is planted by `tools/seeded-faults.mjs` into a copy of the
 * built product (`from` must stand once in `file`), where `test` has to find it, for the reason that `finds` tells.
 */
export const seededFaults = [
  {
    name: 'skipped-fsync',
    about: 'a blob is answered before its content is on disk',
    file: 'libs/blob-store/dist/file/file-blob-store.js',
    from: 'await handle.datasync();',
    to: '',
    stack: 'embedded',
    test: 'src/power-loss/blob-folder.e2e.ts',
    finds: /is visible and not whole/,
  },
  {
    name: 'skipped-fsync-of-the-folder',
    about: 'a blob is answered before its name is on disk',
    file: 'libs/blob-store/dist/file/file-blob-store.js',
    from: 'await syncFolder(shard);',
    to: '',
    stack: 'embedded',
    test: 'src/power-loss/blob-folder.e2e.ts',
    finds: /was acknowledged and is gone/,
  },
  {
    name: 'row-before-its-blob',
    about: 'the row commits while the blob is still being written',
    file: 'apps/gateway/dist/bytes/seal-into.js',
    from: 'const [reading, writing] = await Promise.allSettled([read, written]);',
    to: "written.catch(() => {}); const [reading] = await Promise.allSettled([read]); const writing = { status: 'fulfilled' };",
    stack: 'embedded',
    test: 'src/power-loss/whole-stack.e2e.ts',
    settings: { COFFER_POWER_CUTS: '12' },
    finds: /is listed and cannot be read/,
  },
  {
    name: 'answer-before-the-record',
    about: 'a read is answered while its record is on its way',
    file: 'apps/gateway/dist/pipeline.js',
    from: 'await gateway.recorder.write(early);',
    to: 'setTimeout(() => gateway.recorder.write(early).catch(() => {}), 50);',
    stack: 'embedded',
    test: 'src/power-loss/whole-stack.e2e.ts',
    settings: { COFFER_POWER_CUTS: '12' },
    finds: /0 records of request/,
  },
  {
    name: 'collector-without-claims',
    about: 'the collector deletes what no claim names yet, without claiming it',
    file: 'apps/object-storage/dist/collector/orphans.js',
    from: `INSERT INTO blob_claims (blob_id, state) SELECT r, 'collected' FROM unnest($1::text[]) AS r
     ON CONFLICT DO NOTHING RETURNING blob_id)`,
    to: 'SELECT r AS blob_id FROM unnest($1::text[]) AS r WHERE r NOT IN (SELECT blob_id FROM blob_claims))',
    stack: 'embedded',
    test: 'src/faults/collector-race.e2e.ts',
    finds: /was acknowledged and cannot be read/,
  },
  {
    name: 'early-revocation',
    about: 'a revocation is answered before every gateway has heard of it',
    file: 'apps/identity/dist/epochs/change.js',
    from: 'await deps.leases.reached(epoch);',
    to: '',
    stack: 'native',
    test: 'src/faults/revocation-race.e2e.ts',
    finds: /after the revocation was answered/,
  },
];
