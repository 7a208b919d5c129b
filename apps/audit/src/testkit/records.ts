import { randomInt } from 'node:crypto';
import type { RequestRecord } from '@coffer/contracts';
import { firstRequestIdAt } from '../records/request-id.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A fresh request id of the given millisecond. */
export function newRequestId(time: number): string {
  const chance = Array.from({ length: 16 }, () => ALPHABET.charAt(randomInt(32))).join('');
  return firstRequestIdAt(time).slice(0, 10) + chance;
}

/** A record as a gateway sends it for a 4 KiB PUT: about as large as real ones are. */
export function newRecord(changes: Partial<RequestRecord> = {}): RequestRecord {
  const time = changes.time ?? Date.now();
  return {
    requestId: newRequestId(time),
    phase: 'closed',
    time,
    gateway: 'gateway-1',
    region: 'us-east-1',
    api: 's3',
    operation: 'PutObject',
    method: 'PUT',
    uri: '/photos/2026/11/23/holiday-0001.jpg?x-id=PutObject',
    host: 'photos.s3.localhost:9010',
    remoteIp: '192.0.2.17',
    userAgent: 'aws-sdk-js/3.1040.0 ua/2.1 os/linux#6.1 lang/js md/nodejs#24.1.0 api/s3#3.1040.0',
    bucket: 'photos',
    bucketId: '01KAS4T0000000000000000000',
    bucketOwner: '123456789012',
    key: '2026/11/23/holiday-0001.jpg',
    versionId: 'mN8Zl0yJtY5m3V2xQ7rB1cD9fG4hK6pW',
    requester: {
      kind: 'user',
      arn: 'arn:aws:iam::123456789012:user/ann',
      accountId: '123456789012',
      canonicalId: '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be',
      userId: 'AIDACKCEVSQ6C2EXAMPLE',
    },
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    authType: 'AuthHeader',
    signatureVersion: 'SigV4',
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' },
    decision: {
      allowed: true,
      reasons: [{ layer: 'identity', policy: 'photos', statement: 0, sid: 'Write', effect: 'Allow' }],
    },
    status: 200,
    bytesReceived: 4096,
    bytesSent: 0,
    objectSize: 4096,
    totalMs: 7,
    turnAroundMs: 6,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    ...changes,
  };
}
