import { GlacierClient, DescribeVaultCommand, UploadArchiveCommand } from '@aws-sdk/client-glacier';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsChunkedDecoder } from './aws-chunked.ts';
import type { SigV4Auth } from './parsed-auth.ts';
import type { SignedRequest } from './request.ts';
import { sha256Hex } from './signing-key.ts';
import { authenticate, refusal } from './testkit/authenticate.ts';
import { checkStreamingHeaders } from './trailer.ts';

type Received = SignedRequest & { body: Buffer };

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const Bucket = 'my-bucket';
const Key = "folder/./a//b +c&d=e%20?#/ü(1)~'!*.txt";

let server: Server;
let received: Received | undefined;
let endpoint = '';
beforeAll(async () => {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const headers: [string, string][] = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      headers.push([request.rawHeaders[i] as string, request.rawHeaders[i + 1] as string]);
    }
    received = { method: request.method ?? '', target: request.url ?? '', headers, body };
    response.writeHead(400).end();
  };
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const config = () => ({
  endpoint,
  region: 'eu-central-1',
  maxAttempts: 1,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET, sessionToken: 'to/k+en==' },
});
const s3 = () => new S3Client({ ...config(), forcePathStyle: true });

/** What the server got, byte for byte; its answer (400) does not matter. */
async function onWire(send: () => Promise<unknown>): Promise<Received> {
  received = undefined;
  const failure: unknown = await send().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!received) throw failure;
  return received;
}

function verified(request: Received): SigV4Auth {
  const options = (body: Buffer) => ({
    now: new Date(),
    regions: ['eu-central-1', 'us-east-1'],
    services: ['s3', 'kms', 'iam', 'sts', 'glacier'],
    bodySha256: sha256Hex(body),
  });
  const parsed = authenticate(request, SECRET, options(request.body)) as SigV4Auth;
  expect(parsed).toMatchObject({ kind: 'v4-header', accessKeyId: 'AKIDEXAMPLE', sessionToken: 'to/k+en==' });
  if (parsed.payload.kind === 'hash') expect(parsed.payload.sha256).toBe(sha256Hex(request.body));
  const changed = { ...request, target: request.target.replace(/^[^?]*/, '$&x') };
  expect(refusal(() => authenticate(changed, SECRET, options(request.body))).code).toBe('SignatureDoesNotMatch');
  if (parsed.scope.service !== 's3') {
    const body = Buffer.concat([request.body, Buffer.from('x')]);
    expect(refusal(() => authenticate(request, SECRET, options(body))).code).toBe('SignatureDoesNotMatch');
  }
  return parsed;
}

describe('what the JS SDK sends', () => {
  it('S3 GetObject', async () => {
    verified(
      await onWire(() => s3().send(new GetObjectCommand({ Bucket, Key, VersionId: 'a+/=', Range: 'bytes=0-9' }))),
    );
  });

  it('S3 ListObjectsV2', async () => {
    verified(
      await onWire(() =>
        s3().send(new ListObjectsV2Command({ Bucket, Prefix: 'a b+ü/', Delimiter: '/', StartAfter: "!'()*" })),
      ),
    );
  });

  it('S3 DeleteObjects', async () => {
    verified(await onWire(() => s3().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }))));
  });

  it('S3 PutObject of a buffer', async () => {
    const command = new PutObjectCommand({
      Bucket,
      Key,
      Body: Buffer.from('hello'),
      Metadata: { a: 'b  c' },
      ContentType: 'text/plain',
    });
    expect(verified(await onWire(() => s3().send(command))).payload.kind).toBe('hash');
  });

  it.each(['PutObject', 'UploadPart'])('S3 %s of a stream: unsigned chunks with a trailer', async (operation) => {
    const whole = Buffer.alloc(150_000, 'abc\r\n');
    const input = {
      Bucket,
      Key,
      Body: Readable.from([whole.subarray(0, 70_000), whole.subarray(70_000)]),
      ContentLength: whole.length,
    };
    const request = await onWire(() =>
      operation === 'PutObject'
        ? s3().send(new PutObjectCommand(input))
        : s3().send(new UploadPartCommand({ ...input, UploadId: 'u+/=', PartNumber: 1 })),
    );
    const { payload } = verified(request);
    expect(payload).toEqual({ kind: 'streaming', signed: false, trailer: true });
    if (payload.kind !== 'streaming') return;
    const headers = checkStreamingHeaders(request.headers, payload);
    expect(headers).toEqual({ decodedLength: whole.length, trailerNames: ['x-amz-checksum-crc32'] });
    const decoder = new AwsChunkedDecoder(headers);
    expect((await buffer(Readable.from([request.body]).pipe(decoder))).equals(whole)).toBe(true);
    expect(decoder.trailers.get('x-amz-checksum-crc32')).toMatch(/^[A-Za-z0-9+/]{6}==$/);
  });

  it('KMS, IAM and STS', async () => {
    verified(
      await onWire(() => new KMSClient(config()).send(new EncryptCommand({ KeyId: 'k', Plaintext: Buffer.from('p') }))),
    );
    verified(await onWire(() => new IAMClient(config()).send(new ListUsersCommand({ PathPrefix: '/a b/' }))));
    verified(await onWire(() => new STSClient(config()).send(new GetCallerIdentityCommand({}))));
  });

  it('Glacier, whose paths are encoded twice', async () => {
    const glacier = () => new GlacierClient(config());
    verified(await onWire(() => glacier().send(new DescribeVaultCommand({ accountId: '-', vaultName: 'a b~ü' }))));
    verified(
      await onWire(() =>
        glacier().send(new UploadArchiveCommand({ accountId: '-', vaultName: 'v', body: Buffer.from('archive') })),
      ),
    );
  });
});
