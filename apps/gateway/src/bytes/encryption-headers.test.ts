import { describe, expect, it } from 'vitest';
import {
  refuseEncryptionOfRead,
  refuseKeyOfPart,
  refuseKeyOfSource,
  refuseUnsupportedEncryption,
} from './encryption-headers.ts';

const METHOD = 'x-amz-server-side-encryption';
const CUSTOMER = ['algorithm', 'key', 'key-md5'].map((part) => `${METHOD}-customer-${part}`);
const fault = (code: string) => expect.objectContaining({ code });

describe('headers of encryption', () => {
  it('S3’s own key, or none, is what a write has anyway', () => {
    expect(() => refuseUnsupportedEncryption({})).not.toThrow();
    expect(() => refuseUnsupportedEncryption({ [METHOD]: 'AES256' })).not.toThrow();
  });

  it.each([...CUSTOMER, `${METHOD}-context`, `${METHOD}-bucket-key-enabled`])('%s of a write', (name) => {
    expect(() => refuseUnsupportedEncryption({ [name]: 'x' })).toThrow(
      expect.objectContaining({ code: 'NotImplemented', extras: { Header: name } }),
    );
  });

  it('a key of KMS needs aws:kms beside it', () => {
    const id = `${METHOD}-aws-kms-key-id`;
    for (const method of [{}, { [METHOD]: 'AES256' }]) {
      expect(() => refuseUnsupportedEncryption({ ...method, [id]: 'alias/a' })).toThrow(fault('InvalidArgument'));
    }
    for (const method of ['aws:kms', 'aws:kms:dsse']) {
      expect(() => refuseUnsupportedEncryption({ [METHOD]: method, [id]: 'alias/a' })).toThrow(fault('NotImplemented'));
      expect(() => refuseUnsupportedEncryption({ [METHOD]: method })).toThrow(fault('NotImplemented'));
    }
    expect(() => refuseUnsupportedEncryption({ [METHOD]: 'ROT13' })).toThrow(fault('InvalidArgument'));
  });

  it.each(CUSTOMER)('%s of a part, a read and a source', (name) => {
    expect(() => refuseKeyOfPart({ [name]: 'x' })).toThrow(fault('InvalidRequest'));
    expect(() => refuseEncryptionOfRead({ [name]: 'x' })).toThrow(fault('InvalidRequest'));
    const ofSource = name.replace('x-amz-', 'x-amz-copy-source-');
    expect(() => refuseKeyOfSource({ [ofSource]: 'x' })).toThrow(fault('InvalidRequest'));
    expect(() => refuseKeyOfSource({ [name]: 'x' })).not.toThrow();
  });

  it('a method of encryption in a read', () => {
    expect(() => refuseEncryptionOfRead({ [METHOD]: 'AES256' })).toThrow(fault('InvalidArgument'));
    expect(() => refuseEncryptionOfRead({ range: 'bytes=0-1' })).not.toThrow();
  });
});
