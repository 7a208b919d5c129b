// Calls per second on both transports, alone and with 32 in flight, plain and batched, with a message of 200 bytes.
// Run from the workspace root: node --conditions=@coffer/source libs/bus/bench/bus.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contract } from '@coffer/contracts';
import {
  findNatsServer,
  handle,
  handleBatch,
  InProcessHub,
  inProcessTransport,
  natsTransport,
  renderNatsConfig,
  startNatsServer,
} from '../src/index.ts';
import { z } from 'zod';

const SECONDS = Number(process.argv[2] ?? 2);
const request = z.object({ bucket: z.string(), key: z.string(), body: z.instanceof(Uint8Array) });
const reply = z.object({ version: z.string(), size: z.number() });
const options = { request, reply, callers: ['gateway'] };
const plain = contract('identity', 'plain', options);
const batched = contract('identity', 'batched', { ...options, batched: true });
const contracts = [plain, batched];
const message = { bucket: 'photos', key: '2026/11/23/holiday.jpg', body: new Uint8Array(150) };
const answer = ({ body }) => ({ version: 'v1', size: body.length });
const registrations = [
  handle(plain, async (each) => answer(each)),
  handleBatch(batched, async (all) => all.map((each) => answer(each))),
];

async function measure(client, call, inFlight) {
  const times = [];
  const end = performance.now() + SECONDS * 1000;
  const started = performance.now();
  const worker = async () => {
    while (performance.now() < end) {
      const from = performance.now();
      await client.call(call, message);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: Math.round(times.length / seconds), p50: times[Math.floor(times.length / 2)] };
}

async function run(name, gateway, identity) {
  await new Promise((resolve, reject) => {
    identity.strategy(registrations).listen((error) => (error ? reject(error) : resolve()));
  });
  await measure(gateway.client, plain, 8);
  for (const call of [plain, batched]) {
    for (const inFlight of [1, 32, 256]) {
      const { perSecond, p50 } = await measure(gateway.client, call, inFlight);
      console.log(`${name} ${call.operation} ${inFlight} in flight: ${perSecond}/s, p50 ${p50.toFixed(3)} ms`);
    }
  }
  await gateway.drain();
  await identity.drain();
}

const hub = new InProcessHub();
await run('in-process', inProcessTransport(hub, 'gateway'), inProcessTransport(hub, 'identity'));
const binary = findNatsServer();
if (binary) {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-bench-'));
  const users = ['gateway', 'identity'].map((service) => ({ service, password: 'bench' }));
  const config = renderNatsConfig({ users, contracts, events: [], port: -1 });
  const server = await startNatsServer({ binary, folder, config });
  const open = (service) => natsTransport({ servers: [server.url], service, user: service, password: 'bench' });
  await run('nats', await open('gateway'), await open('identity'));
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
} else console.log('nats: skipped, there is no nats-server');
