import { expect, test } from 'vitest';
import { z } from 'zod';
import { blobSettings, blobVariables, loadConfig, requireBlobTier } from './index.ts';

const schema = z.object(blobVariables).superRefine(requireBlobTier);
const settings = (env: NodeJS.ProcessEnv) => blobSettings(loadConfig(schema, env));
const BUCKET = {
  COFFER_BLOB_ENDPOINT: 'http://127.0.0.1:9000',
  COFFER_BLOB_ACCESS_KEY: 'a',
  COFFER_BLOB_SECRET_KEY: 's',
};

test('a blob tier is a folder, or a bucket with its keys', () => {
  expect(settings({ COFFER_BLOB_FOLDER: '/blobs' })).toEqual({ folder: '/blobs' });
  const bucket = { endpoint: 'http://127.0.0.1:9000', accessKey: 'a', secretKey: 's', bucket: 'coffer' };
  expect(settings(BUCKET)).toEqual(bucket);
  const named = { ...BUCKET, COFFER_BLOB_BUCKET: 'b', COFFER_BLOB_REGION: 'r' };
  expect(settings(named)).toEqual({ ...bucket, bucket: 'b', region: 'r' });
});

test('neither none nor both, and no bucket without what it needs', () => {
  expect(() => settings({})).toThrow(/COFFER_BLOB_ENDPOINT.*COFFER_BLOB_ACCESS_KEY.*COFFER_BLOB_SECRET_KEY/s);
  expect(() => settings({ ...BUCKET, COFFER_BLOB_FOLDER: '/blobs' })).toThrow(/only one of/);
  expect(() => settings({ ...BUCKET, COFFER_BLOB_SECRET_KEY: '' })).toThrow(/COFFER_BLOB_SECRET_KEY/);
  expect(() => settings({ ...BUCKET, COFFER_BLOB_ENDPOINT: 'ftp://x' })).toThrow(/COFFER_BLOB_ENDPOINT/);
});
