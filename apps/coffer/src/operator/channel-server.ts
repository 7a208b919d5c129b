import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Fault } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import { PRIVATE_FILE } from '../files.ts';
import { UserError } from '../user-error.ts';
import { operatorContracts, type Endpoints } from './operator.ts';

const MAX_BODY_BYTES = 1024 * 1024;
/** What the systems' `sockaddr_un` holds, less its end. */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

export interface ChannelServer {
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Fault('InvalidMessage', 'The message is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new Fault('InvalidMessage', 'The message is no JSON');
  }
}

function faultOf(error: unknown): { code: string; message: string } {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  return { code: 'Internal', message: 'The call failed; the log says why' };
}

async function answer(client: BusClient, endpoints: Endpoints, request: IncomingMessage): Promise<unknown> {
  if (request.method === 'GET' && request.url === '/endpoints') return { reply: endpoints };
  const contract = request.method === 'POST' ? operatorContracts.get((request.url ?? '').slice(1)) : undefined;
  if (!contract) return { fault: { code: 'NotPermitted', message: 'There is no such call' } };
  const parsed = contract.request.safeParse(await bodyOf(request));
  if (!parsed.success) return { fault: { code: 'InvalidMessage', message: 'The message does not fit the call' } };
  return { reply: await client.call(contract, parsed.data) };
}

function send(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/**
 * The operator's channel: HTTP on a Unix socket that only the owner of the data folder can open. `POST /<subject>`
 * carries a message of that contract; the answer holds `reply` or `fault`. The caller holds the folder's lock, so a
 * socket that is there already is a leftover.
 */
export async function openChannel(path: string, client: BusClient, endpoints: Endpoints): Promise<ChannelServer> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new UserError(
      `The path of the data folder is too long for a Unix socket (${path}); choose a shorter one with --data.`,
    );
  }
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    answer(client, endpoints, request).then(
      (body) => send(response, body),
      (error: unknown) => send(response, { fault: faultOf(error) }),
    );
  });
  server.requestTimeout = 30_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  // Until here the folder's own mode keeps others out.
  chmodSync(path, PRIVATE_FILE);
  return {
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      rmSync(path, { force: true });
    },
  };
}
