import { X509Certificate } from 'node:crypto';
import { existsSync, statfsSync, statSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { layoutOf, type Layout, type Mode } from '../data-folder/layout.ts';
import { lockFile } from '../data-folder/lock.ts';
import { modeOf } from '../data-folder/open.ts';
import { readIfPresent } from '../files.ts';
import type { Operator } from '../operator/operator.ts';
import { assertPortFree } from '../services/ports.ts';
import { findMinio, findNats } from '../stack/binaries.ts';
import { tlsFiles } from '../tls/authority.ts';
import { fine, messageOf, problem, warning, type Finding } from './check.ts';
import { examineRunning } from './examine-running.ts';

const MIN_FREE_BYTES = 1024 ** 3;
const GIB = 1024 ** 3;
const WARN_DAYS = 14;
const DAY_MS = 86_400_000;

export interface Examination {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly httpsPort: number;
  readonly env: NodeJS.ProcessEnv;
  connect(data: string): Promise<Operator>;
}

function examineFolder(layout: Layout): { findings: Finding[]; mode: Mode | undefined } {
  if (!existsSync(layout.root)) {
    const start = `Start Coffer, which makes it: coffer up --data ${layout.root}`;
    return { findings: [warning('data folder', `${layout.root} does not exist yet`, start)], mode: undefined };
  }
  let mode: Mode | undefined;
  try {
    mode = modeOf(layout);
  } catch (error) {
    return {
      findings: [problem('data folder', messageOf(error), 'Choose the right folder with --data.')],
      mode: undefined,
    };
  }
  if (mode === undefined) {
    const seen = `${layout.root} is no data folder of Coffer`;
    return { findings: [problem('data folder', seen, 'Choose another with --data.')], mode };
  }
  const findings: Finding[] = [fine('data folder', `${layout.root} (${mode})`)];
  const { mode: bits } = statSync(layout.root);
  if ((bits & 0o077) !== 0) {
    findings.push(problem('data folder rights', 'others than its owner may enter it', `chmod 0700 ${layout.root}`));
  }
  const { bavail, bsize } = statfsSync(layout.root);
  const free = `${((Number(bavail) * Number(bsize)) / GIB).toFixed(1)} GiB free`;
  findings.push(
    bavail * bsize >= MIN_FREE_BYTES
      ? fine('disk', free)
      : problem('disk', free, 'Make room: below 1 GiB writes may soon be refused.'),
  );
  return { findings, mode };
}

function examineRootKey(layout: Layout, env: NodeJS.ProcessEnv): Finding {
  if (env['COFFER_ROOT_KEY'] || env['COFFER_ROOT_KEY_FILE']) return fine('root key', 'given by the environment');
  if (!existsSync(layout.rootKey)) {
    return problem(
      'root key',
      `${layout.rootKey} is missing`,
      'Put it back from a backup: without it no object can be opened.',
    );
  }
  if ((statSync(layout.rootKey).mode & 0o077) !== 0) {
    return problem('root key', `others than the owner may read ${layout.rootKey}`, `chmod 0600 ${layout.rootKey}`);
  }
  return fine('root key', `${layout.rootKey}; keep a copy elsewhere`);
}

function endOf(pem: string): Date | undefined {
  try {
    return new X509Certificate(pem).validToDate;
  } catch {
    return undefined;
  }
}

function examineCertificate(layout: Layout): Finding {
  const { certFile } = tlsFiles(layout.tls);
  const pem = readIfPresent(certFile);
  if (!pem) return problem('certificate', 'there is none', 'Start Coffer again, which makes one.');
  const end = endOf(pem);
  if (!end) {
    const mend = 'Start Coffer again, which makes another.';
    return problem('certificate', `${certFile} is damaged`, mend);
  }
  const days = Math.floor((end.getTime() - Date.now()) / DAY_MS);
  const seen = `valid until ${end.toISOString().slice(0, 10)}`;
  return days > WARN_DAYS
    ? fine('certificate', seen)
    : problem('certificate', seen, 'Start Coffer again, which renews it.');
}

function isInUse(layout: Layout): boolean {
  try {
    const lock = lockFile(layout.lock);
    lock?.release();
    return lock === undefined;
  } catch {
    return false;
  }
}

async function examinePorts(examination: Examination): Promise<Finding[]> {
  const { host, port, httpsPort } = examination;
  const ports: [number, string][] = [
    [port, '--port'],
    ...(httpsPort === 0 ? [] : [[httpsPort, '--https-port'] as [number, string]]),
  ];
  return await Promise.all(
    ports.map(async ([number, option]) => {
      try {
        await assertPortFree(host, number, option);
        return fine(`port ${number}`, 'free');
      } catch (error) {
        return problem(`port ${number}`, messageOf(error), `Stop that program, or choose another port with ${option}.`);
      }
    }),
  );
}

async function examineNames(): Promise<Finding> {
  try {
    await lookup('bucket.s3.localhost');
    return fine('virtual hosts', 'names under s3.localhost lead to this machine');
  } catch {
    return warning(
      'virtual hosts',
      'names under s3.localhost do not resolve here',
      'Clients that use the path style need nothing; for others add "127.0.0.1 BUCKET.s3.localhost" to the hosts file.',
    );
  }
}

function examineProgram(name: string, needed: boolean, find: () => string): Finding {
  try {
    return fine(name, find());
  } catch (error) {
    const seen = messageOf(error);
    return needed ? problem(name, seen, 'Get it as said.') : warning(name, seen, 'Only "coffer stack" needs it.');
  }
}

/** Looks at everything that commonly goes wrong, changing nothing. */
export async function examine(examination: Examination): Promise<Finding[]> {
  const { env } = examination;
  const layout = layoutOf(examination.data);
  const { findings, mode } = examineFolder(layout);
  const found: Finding[] = [fine('node', process.versions.node), ...findings];
  const running = mode !== undefined && isInUse(layout);
  if (mode !== undefined && (running || existsSync(layout.postgres))) {
    found.push(examineRootKey(layout, env), examineCertificate(layout));
  }
  if (running) found.push(...(await examineRunning(examination, layout, mode)));
  else
    found.push(
      warning('running', 'no Coffer runs on this folder', 'Start it with coffer up or coffer stack.'),
      ...(await examinePorts(examination)),
    );
  found.push(await examineNames());
  const stack = mode === 'stack';
  found.push(
    examineProgram('nats-server', stack, () => findNats(env)),
    examineProgram('minio', stack, () => findMinio(env)),
  );
  return found;
}
