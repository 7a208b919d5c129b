import { describe, expect, it } from 'vitest';
import { environmentOf, operatorEnvironment } from './environment.ts';

describe('environment of a service', () => {
  const env = {
    PATH: '/bin',
    AWS_SECRET_ACCESS_KEY: 's',
    COFFER_ROOT_KEY: 'r',
    COFFER_REGIONS: 'a,b',
    COFFER_NATS_PASSWORD: 'x',
    COFFER_WORKER: '{"databases":{"kms":"postgres://k"}}',
    COFFER_FAILPOINT: 'kms.x',
    OTHER: 'o',
  };
  const settings = { COFFER_BLOB_SECRET_KEY: 'b', COFFER_DATABASE_URL: 'postgres://x' };

  it('gives the root key to kms alone and the blob tier to gateway and object-storage alone', () => {
    const common = { PATH: '/bin', COFFER_REGIONS: 'a,b', COFFER_DATABASE_URL: 'postgres://x' };
    expect(environmentOf('kms', env, settings)).toEqual({ ...common, COFFER_ROOT_KEY: 'r' });
    expect(environmentOf('audit', env, settings)).toEqual(common);
    expect(environmentOf('gateway', env, settings)).toEqual({ ...common, COFFER_BLOB_SECRET_KEY: 'b' });
    expect(environmentOf('object-storage', env, settings)).toEqual({ ...common, COFFER_BLOB_SECRET_KEY: 'b' });
  });

  it('gives a further process what the operator set, and no secret of another process or of AWS', () => {
    expect(operatorEnvironment(env)).toEqual({ PATH: '/bin', COFFER_ROOT_KEY: 'r', COFFER_REGIONS: 'a,b' });
  });
});
