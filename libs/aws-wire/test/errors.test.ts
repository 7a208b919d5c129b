import { describe, expect, it } from 'vitest';
import type { Api } from '../src/api.ts';
import { writeError, type WireErrorResponse } from '../src/write-error.ts';
import { SdkClient } from './sdk-client.ts';

const context = { requestId: 'R', hostId: 'H' };

/** The error that a real client raises for what writeError answers. */
async function raised(
  api: Api,
  operation: string,
  input: Record<string, unknown>,
  error: WireErrorResponse,
  isHead = false,
) {
  try {
    await new SdkClient(api).call(operation, input, () => writeError(api, error, { ...context, isHead }));
  } catch (caught) {
    return caught as Error & { $metadata: { httpStatusCode: number; requestId: string }; $fault: string } & Record<
        string,
        unknown
      >;
  }
  throw new Error('nothing was raised');
}

describe('errors as a client sees them', () => {
  it.each<[Api, string, Record<string, unknown>, string, number]>([
    ['s3', 'GetObject', { Bucket: 'b', Key: 'k' }, 'NoSuchKey', 404],
    ['s3', 'CreateBucket', { Bucket: 'b' }, 'BucketAlreadyOwnedByYou', 409],
    ['s3', 'PutBucketCors', { Bucket: 'b', CORSConfiguration: { CORSRules: [] } }, 'MalformedXML', 400],
    ['s3-control', 'GetPublicAccessBlock', { AccountId: '123456789012' }, 'NoSuchPublicAccessBlockConfiguration', 404],
    ['iam', 'GetUser', { UserName: 'u' }, 'NoSuchEntity', 404],
    ['sts', 'GetCallerIdentity', {}, 'ExpiredToken', 403],
    ['kms', 'DescribeKey', { KeyId: 'k' }, 'NotFoundException', 400],
    ['kms', 'DescribeKey', { KeyId: 'k' }, 'AccessDeniedException', 400],
    ['cloudtrail', 'ListTrails', {}, 'UnsupportedOperationException', 400],
    ['glacier', 'DescribeVault', { accountId: '-', vaultName: 'v' }, 'ResourceNotFoundException', 404],
  ])('%s %s %j: %s', async (api, operation, input, code, status) => {
    const error = await raised(api, operation, input, { code, message: 'Why <it> failed & "how"', status });
    // The SDK knows IAM's errors by other names than the wire does.
    expect(error.name).toBe(code === 'NoSuchEntity' ? 'NoSuchEntityException' : code);
    expect(error.message).toBe('Why <it> failed & "how"');
    expect(error.$metadata).toMatchObject({ httpStatusCode: status, requestId: 'R' });
  });

  it('carry their further elements', async () => {
    const error = await raised(
      's3',
      'GetObject',
      { Bucket: 'b', Key: 'k' },
      { code: 'NoSuchBucket', message: 'm', status: 404, extras: { BucketName: 'b' } },
    );
    expect(error['BucketName']).toBe('b');
  });

  it('have no body for HEAD, and the client knows them by their status', async () => {
    const error = await raised(
      's3',
      'HeadObject',
      { Bucket: 'b', Key: 'k' },
      { code: 'NoSuchKey', message: 'm', status: 404 },
      true,
    );
    expect(error.name).toBe('NotFound');
    expect(error.$metadata.requestId).toBe('R');
  });
});

describe('errors on the wire', () => {
  const write = (api: Api, status = 400, code = 'SomeCode') =>
    writeError(api, { code, message: '<m>', status }, context);

  it('are flat in S3, with the resource where it is known', () => {
    const answer = writeError(
      's3',
      {
        code: 'MethodNotAllowed',
        message: 'm',
        status: 405,
        extras: { Method: 'GET', '<x>': 'no' },
        headers: { Allow: 'DELETE\r\nX: y' },
      },
      { ...context, resource: '/b/<k>' },
    );
    expect(answer).toEqual({
      status: 405,
      headers: { 'x-amz-request-id': 'R', 'x-amz-id-2': 'H', Allow: 'DELETE  X: y', 'Content-Type': 'application/xml' },
      body: '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>MethodNotAllowed</Code><Message>m</Message><Method>GET</Method><Resource>/b/&lt;k&gt;</Resource><RequestId>R</RequestId><HostId>H</HostId></Error>',
    });
  });

  it('are wrapped in S3 Control', () => {
    expect(write('s3-control').body).toContain(
      '<ErrorResponse><Error><Code>SomeCode</Code><Message>&lt;m&gt;</Message></Error><RequestId>R</RequestId><HostId>H</HostId></ErrorResponse>',
    );
  });

  it('name the sender or the receiver in the query protocol', () => {
    expect(write('iam').body).toBe(
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>SomeCode</Code><Message>&lt;m&gt;</Message></Error><RequestId>R</RequestId></ErrorResponse>',
    );
    expect(write('iam', 500).body).toContain('<Type>Receiver</Type>');
  });

  it('are JSON with __type in JSON 1.1', () => {
    expect(write('kms')).toEqual({
      status: 400,
      headers: { 'x-amzn-RequestId': 'R', 'Content-Type': 'application/x-amz-json-1.1' },
      body: '{"__type":"SomeCode","message":"<m>"}',
    });
    expect(write('kms', 400, 'AccessDeniedException').body).toBe('{"__type":"AccessDeniedException","Message":"<m>"}');
  });

  it('are JSON with code and type in Glacier, and named in a header', () => {
    const { headers, body } = write('glacier', 503);
    expect(headers['x-amzn-ErrorType']).toBe('SomeCode');
    expect(body).toBe('{"code":"SomeCode","message":"<m>","type":"Server"}');
  });

  it('have no body with 304', () => {
    expect(write('s3', 304)).toEqual({ status: 304, headers: { 'x-amz-request-id': 'R', 'x-amz-id-2': 'H' } });
  });
});
