import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { MiB } from './harness/data.ts';
import { bucketWithK, said } from './harness/errors.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

describe.runIf(present)('errors of documents in the body', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await bucketWithK()));

  const put = (query: Record<string, string>, body: string, path = `/${bucket}`) =>
    call({
      method: 'PUT',
      path,
      query,
      body,
      headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
    });

  it.each([
    ['not XML', 'hello'],
    ['cut short', '<VersioningConfiguration><Status>Enabled</Status>'],
    ['of another root', '<Tagging><TagSet></TagSet></Tagging>'],
    [
      'with an entity',
      '<!DOCTYPE x [<!ENTITY a "Enabled">]><VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>',
    ],
    [
      'reading a file',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>',
    ],
    ['nested without end', '<a>'.repeat(100_000)],
  ])('XML %s', async (_, body) => {
    const answer = await put({ versioning: '' }, body);
    expect(said(answer)).toBe('400 MalformedXML');
    expect(answer.error['Message']).toBe(
      'The XML you provided was not well-formed or did not validate against our published schema',
    );
  });

  it('XML that is too large', async () => {
    const answer = await put(
      { versioning: '' },
      `<VersioningConfiguration>${' '.repeat(9 * MiB)}</VersioningConfiguration>`,
    );
    expect(said(answer)).toBe('400 MaxMessageLengthExceeded');
  });

  it('a billion laughs end quickly', async () => {
    const entities = Array.from({ length: 12 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
    const started = Date.now();
    const answer = await put(
      { versioning: '' },
      `<!DOCTYPE x [<!ENTITY l0 "ha">${entities}]><VersioningConfiguration><Status>&l12;</Status></VersioningConfiguration>`,
    );
    expect(said(answer)).toBe('400 MalformedXML');
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it.each([
    ["Policies must be valid JSON and the first byte must be '{'", 'nonsense'],
    ['This policy contains invalid Json', '{"Statement": [}'],
    ['Missing required field Statement', '{"Version":"2012-10-17"}'],
    ['Could not parse the policy: Statement is empty!', '{"Version":"2012-10-17","Statement":[]}'],
    [
      'Invalid effect: Maybe',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}',
    ],
    [
      'Policy has invalid action',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ec2:Run","Resource":"arn:aws:s3:::BUCKET/*"}]}',
    ],
    [
      'Policy has invalid resource',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::somebody-else/*"}]}',
    ],
    [
      'Invalid principal in policy',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"nobody"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}',
    ],
    [
      'Action does not apply to any resource(s) in statement',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET"}]}',
    ],
    [
      'The policy must contain a valid version string',
      '{"Version":"2020-01-01","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}',
    ],
    [
      'Normalized policy document exceeds the maximum allowed size of 20480 bytes',
      `{"Version":"2012-10-17","Id":"${'x'.repeat(21_000)}","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}`,
    ],
  ])('MalformedPolicy: %s', async (message, text) => {
    const answer = await put({ policy: '' }, text.replaceAll('BUCKET', bucket));
    expect(said(answer)).toBe('400 MalformedPolicy');
    expect(answer.error['Message']).toBe(message);
  });
});
