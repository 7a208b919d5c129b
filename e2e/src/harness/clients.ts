import { readFileSync } from 'node:fs';
import { Agent as HttpsAgent } from 'node:https';
import { IAMClient } from '@aws-sdk/client-iam';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { stack } from './stack.ts';

/** A pair that signs. `undefined` where a function takes one means the root user of the first account. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export function rootKeys(): Keys {
  const { accessKeyId, secretAccessKey } = stack();
  return { accessKeyId, secretAccessKey };
}

export interface ClientOptions extends Omit<S3ClientConfig, 'credentials'> {
  keys?: Keys;
  https?: boolean;
}

function common({ keys, https }: { keys?: Keys; https?: boolean }) {
  const facts = stack();
  return {
    region: facts.region,
    endpoint: https ? facts.httpsEndpoint! : facts.endpoint,
    credentials: keys ?? rootKeys(),
    maxAttempts: 1,
    ...(https && {
      requestHandler: new NodeHttpHandler({
        httpsAgent: new HttpsAgent({ ca: readFileSync(facts.caBundle!), keepAlive: true }),
      }),
    }),
  };
}

/** A client of the JavaScript SDK, path style, without retries, as the root user of the first account. */
export function s3(options: ClientOptions = {}): S3Client {
  const { keys: _keys, https: _https, ...rest } = options;
  return new S3Client({ forcePathStyle: true, ...common(options), ...rest });
}

/** A client that sends no signature at all. */
export function anonymousS3(options: ClientOptions = {}): S3Client {
  return s3({ ...options, signer: { sign: (request) => Promise.resolve(request) } });
}

export function iam(keys?: Keys): IAMClient {
  return new IAMClient(common(keys ? { keys } : {}));
}

export function sts(keys?: Keys): STSClient {
  return new STSClient(common(keys ? { keys } : {}));
}
