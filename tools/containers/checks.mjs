// What is looked at from inside the containers that run, and through two gateways.
import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SERVICES } from './images.mjs';

/** Evaluated inside: who the process is, what it may do, and whether it can write where it must not. */
const CONFINEMENT = `
  const { readFileSync, writeFileSync } = require('node:fs');
  const status = readFileSync('/proc/1/status', 'utf8');
  const write = (file) => { try { writeFileSync(file, ''); return 'written'; } catch (e) { return e.code; } };
  return {
    uid: Number(/^Uid:\\s+(\\d+)/m.exec(status)[1]),
    capabilities: /^CapEff:\\s+(\\w+)/m.exec(status)[1],
    bounding: /^CapBnd:\\s+(\\w+)/m.exec(status)[1],
    noNewPrivileges: /^NoNewPrivs:\\s+(\\d)/m.exec(status)[1],
    rootMount: readFileSync('/proc/mounts', 'utf8').split('\\n').find((m) => m.split(' ')[1] === '/').split(' ')[3].split(',')[0],
    app: write('/app/probe'), etc: write('/etc/probe'), tmp: write('/tmp/probe'),
  };`;

/** @throws unless every container of Coffer runs without rights on a root that nobody can write */
export async function checkConfinement(stack) {
  for (const service of SERVICES) {
    for (const id of await stack.containers(service)) {
      const seen = await stack.inside(id, CONFINEMENT);
      const right =
        seen.uid === 10001 &&
        /^0+$/.test(seen.capabilities) &&
        /^0+$/.test(seen.bounding) &&
        seen.noNewPrivileges === '1' &&
        seen.rootMount === 'ro' &&
        seen.app !== 'written' &&
        seen.etc !== 'written' &&
        seen.tmp === 'written';
      if (!right) throw new Error(`${service} is not confined: ${JSON.stringify(seen)}`);
      console.log(`${service} ${id.slice(0, 12)}: user ${seen.uid}, no capability, read-only root`);
    }
  }
  for (const service of ['nats', 'minio']) {
    const [id] = await stack.containers(service);
    const readOnly = (await stack.command(['inspect', '--format', '{{.HostConfig.ReadonlyRootfs}}', id])).trim();
    if (readOnly !== 'true') throw new Error(`${service} has a root that can be written`);
    const status = await stack.command(['exec', id, 'cat', '/proc/1/status']);
    if (!/^CapEff:\s+0+$/m.test(status) || !/^CapBnd:\s+0+$/m.test(status) || !/^NoNewPrivs:\s+1$/m.test(status))
      throw new Error(`${service} is not confined:\n${status}`);
    console.log(`${service} ${id.slice(0, 12)}: no capability, read-only root`);
  }
}

const CALLS = /^coffer_bus_call_seconds_count\{([^}]*side="server"[^}]*)\} (\d+)/gm;

/** How many calls this container has served, but for those that ask how it is. */
async function served(stack, id) {
  const text = await stack.inside(id, "return await (await fetch('http://127.0.0.1:8080/metrics')).text()");
  return [...text.matchAll(CALLS)]
    .filter(([, labels]) => !labels.includes('operation="status"'))
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}

/** Names of gateways that answered through this client, and the body of what was read. */
async function send(client, command) {
  let host;
  client.middlewareStack.addRelativeTo(
    (next) => async (args) => {
      const result = await next(args);
      host = result.response.headers['x-amz-id-2'];
      return result;
    },
    { relation: 'after', toMiddleware: 'deserializerMiddleware', name: 'host', override: true },
  );
  return { output: await client.send(command), host };
}

const ROUNDS = 40;

/**
 * What one gateway writes the other reads at once, and both replicas of object-storage serve them.
 * @throws when the answers come from one gateway, or a replica of object-storage served nothing
 */
export async function checkReplicas(stack, environment, endpoints) {
  const clients = endpoints.map(
    (endpoint) =>
      new S3Client({
        endpoint,
        region: environment.AWS_REGION,
        forcePathStyle: true,
        maxAttempts: 1,
        credentials: { accessKeyId: environment.AWS_ACCESS_KEY_ID, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY },
      }),
  );
  const storages = await stack.containers('object-storage');
  const count = () => Promise.all(storages.map((id) => served(stack, id)));
  const before = await count();
  const Bucket = `replicas-${randomBytes(4).toString('hex')}`;
  const hosts = endpoints.map(() => new Set());
  await clients[0].send(new CreateBucketCommand({ Bucket }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [0, 1] : [1, 0];
    // Beside the row and in the blob tier, in turns.
    const body = randomBytes(round % 4 < 2 ? 1_000 : 100_000);
    const put = await send(clients[writer], new PutObjectCommand({ Bucket, Key: 'one', Body: body }));
    const got = await send(clients[reader], new GetObjectCommand({ Bucket, Key: 'one' }));
    if (!body.equals(Buffer.from(await got.output.Body.transformToByteArray())))
      throw new Error(`Round ${round}: the other gateway read something else than what was written.`);
    hosts[writer].add(put.host);
    hosts[reader].add(got.host);
  }
  await clients[1].send(new DeleteObjectCommand({ Bucket, Key: 'one' }));
  await clients[0].send(new DeleteBucketCommand({ Bucket }));
  const names = hosts.map((each) => [...each]);
  const distinct = new Set(names.flat());
  if (distinct.has(undefined) || names.some((each) => each.length !== 1) || distinct.size !== endpoints.length)
    throw new Error(`Each gateway should have answered under a name of its own: ${JSON.stringify(names)}`);
  const calls = (await count()).map((after, n) => after - before[n]);
  if (calls.length !== 2 || calls.some((each) => each === 0))
    throw new Error(`Not every object-storage served: ${calls.join(' and ')} calls`);
  console.log(`${ROUNDS} objects written through one gateway and read through the other: ${[...distinct].join(', ')}`);
  console.log(`object-storage: ${calls.join(' and ')} calls`);
}
