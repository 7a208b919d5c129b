import { z } from 'zod';
import { accountId, bytes, stringMap } from './common.ts';
import { contract, type ServiceName } from './contract.ts';

/** Non-secret names and values bound into a wrapped key as associated data; order does not matter. */
export const encryptionContext = stringMap;

/** A fresh 256-bit key and its wrapping under the account's service-managed key (made on demand). */
export const generateDataKey = contract('kms', 'generateDataKey', {
  request: z.object({ accountId, purpose: z.literal('s3'), context: encryptionContext }),
  reply: z.object({ keyId: z.string(), plaintext: bytes, wrapped: bytes }),
  callers: ['gateway'],
  retry: 'safe',
});

export const unwrapDataKey = contract('kms', 'unwrapDataKey', {
  request: z.object({ wrapped: bytes, context: encryptionContext }),
  reply: z.object({ keyId: z.string(), plaintext: bytes }),
  callers: ['gateway'],
  faults: ['InvalidCiphertext', 'NotFound', 'Disabled'],
  retry: 'safe',
});

function serviceKeyOf(service: ServiceName) {
  return contract('kms', `serviceKey.${service}`, {
    request: z.object({}),
    reply: z.object({ keyId: z.string(), key: bytes }),
    callers: [service],
    retry: 'safe',
  });
}

/** The key under which a service keeps its own secrets, released at start to that service's bus user alone. */
export const serviceKey = {
  identity: serviceKeyOf('identity'),
  governance: serviceKeyOf('governance'),
};
