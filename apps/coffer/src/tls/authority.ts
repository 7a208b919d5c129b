import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { PRIVATE_FOLDER, readIfPresent, writeFileDurably } from '../files.ts';
import { UserError } from '../user-error.ts';

type CryptoKey = webcrypto.CryptoKey;

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Clients refuse server certificates that run much longer than a year. */
const SERVER_DAYS = 397;
const RENEW_DAYS = 90;
const BACKDATE_MS = DAY_MS;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const ALWAYS = ['localhost', 's3.localhost', '*.s3.localhost', '127.0.0.1', '::1'];
const WILDCARDS = new Set(['0.0.0.0', '::']);

export interface TlsFiles {
  /** Certificate of the folder's own authority: what clients are told to trust. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export function tlsFiles(folder: string): TlsFiles {
  return { caFile: join(folder, 'ca.pem'), certFile: join(folder, 'server.pem'), keyFile: join(folder, 'server.key') };
}

interface Pair {
  certificate: X509Certificate;
  key: CryptoKey;
}

function generateKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function keyPem(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function importKey(pem: string): Promise<CryptoKey> {
  const [der] = PemConverter.decode(pem);
  if (!der) throw new Error('there is no key in the file');
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
}

/** Positive, as RFC 5280 asks. */
function serialNumber(): string {
  return `5a${randomBytes(15).toString('hex')}`;
}

async function makeAuthority(now: number): Promise<Pair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Coffer local authority ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

async function makeServer(authority: Pair, names: readonly string[], now: number) {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=localhost',
    issuer: authority.certificate.subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(Math.min(now + SERVER_DAYS * DAY_MS, authority.certificate.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

function lasts(pem: string, now: number): boolean {
  return new NodeCertificate(pem).validToDate.getTime() - now > RENEW_DAYS * DAY_MS;
}

async function loadAuthority(caFile: string, keyFile: string, now: number): Promise<Pair | undefined> {
  const pem = readIfPresent(caFile);
  const key = readIfPresent(keyFile);
  if (!pem || !key) return undefined;
  try {
    if (!lasts(pem, now)) return undefined;
    return { certificate: new X509Certificate(pem), key: await importKey(key) };
  } catch {
    // Not made anew by itself: every client would have to be told of another authority.
    throw new UserError(
      `${caFile} or ${keyFile} is damaged; put both back from a backup, or remove both, and clients have to trust a new one.`,
    );
  }
}

/** Whether certificate and key are whole, of this authority, for all these names, and good for a while. */
function serves(pem: string, key: string, authority: X509Certificate, names: readonly string[], now: number): boolean {
  let certificate: NodeCertificate;
  try {
    certificate = new NodeCertificate(pem);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return false;
  } catch {
    return false;
  }
  const held = certificate.subjectAltName ?? '';
  const entries = new Set(held.split(', ').map((entry) => entry.replace(/^(DNS|IP Address):/, '').toLowerCase()));
  const present = (name: string) => (isIP(name) === 6 ? certificate.checkIP(name) !== undefined : entries.has(name));
  return (
    lasts(pem, now) && certificate.checkIssued(new NodeCertificate(authority.toString('pem'))) && names.every(present)
  );
}

/** Names and addresses that the certificate must be good for, given where the gateway listens. */
export function serverNames(host: string, virtualHosts: readonly string[]): string[] {
  const more = WILDCARDS.has(host) ? [] : [host];
  const virtual = virtualHosts.flatMap((name) => [name, `*.${name}`]);
  return [...new Set([...ALWAYS, ...more, ...virtual].map((name) => name.toLowerCase()))];
}

/**
 * Makes the authority once, and a server certificate of it whenever there is none, it is near its end, or names were
 * added.
 */
export async function ensureCertificates(
  folder: string,
  names: readonly string[],
  now: number = Date.now(),
): Promise<TlsFiles> {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const files = tlsFiles(folder);
  const caKeyFile = join(folder, 'ca.key');
  let authority = await loadAuthority(files.caFile, caKeyFile, now);
  if (!authority) {
    authority = await makeAuthority(now);
    // Emptied first, so that a crash in between leaves no pair that does not match.
    writeFileDurably(files.caFile, '');
    writeFileDurably(caKeyFile, await keyPem(authority.key));
    writeFileDurably(files.caFile, `${authority.certificate.toString('pem')}\n`);
  }
  const current = readIfPresent(files.certFile);
  const currentKey = readIfPresent(files.keyFile);
  if (!current || !currentKey || !serves(current, currentKey, authority.certificate, names, now)) {
    const server = await makeServer(authority, names, now);
    writeFileDurably(files.certFile, '');
    writeFileDurably(files.keyFile, await keyPem(server.key));
    writeFileDurably(files.certFile, `${server.certificate.toString('pem')}\n`);
  }
  return files;
}
