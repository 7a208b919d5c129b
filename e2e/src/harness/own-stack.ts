import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { S3Client } from '@aws-sdk/client-s3';
import { s3 } from './clients.ts';
import type { HalfSent } from './half-sent.ts';
import { halfSend } from './half-sent.ts';
import type { Signing } from './sign.ts';
import { signed } from './sign.ts';
import type { StackFacts } from './stack-facts.ts';
import { stack } from './stack.ts';
import { startStack } from './start-stack.ts';
import type { Sending, Wire } from './wire.ts';
import { sendTo } from './wire.ts';

/** The process of a stack that holds the connections of clients. */
export function gatewayPid(facts: StackFacts): number {
  if (facts.mode === 'embedded') return facts.pid!;
  return Number(readFileSync(join(facts.dataFolder!, 'run', 'gateway.pid'), 'utf8'));
}

/** A stack of one file's own, with settings of its own, and requests signed for it. */
export interface OwnStack {
  readonly facts: StackFacts;
  readonly client: S3Client;
  signed(signing: Signing): Promise<Sending>;
  send(sending: Sending): Promise<Wire>;
  call(signing: Signing): Promise<Wire>;
  halfSend(sending: Sending, firstBytes?: number): Promise<HalfSent>;
  stop(): Promise<void>;
}

/** Starts a stack in the mode of the shared one. `args` are further options of its command. */
export async function startOwnStack(env: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<OwnStack> {
  const { mode } = stack();
  if (mode === 'given') throw new Error('A given server cannot be started anew.');
  const { facts, stop } = await startStack(mode, env, args);
  const { endpoint, region, accessKeyId, secretAccessKey } = facts;
  const url = new URL(endpoint);
  const keys = { accessKeyId, secretAccessKey };
  const sign = (signing: Signing) => signed({ host: url.host, region, keys, ...signing });
  const send = (sending: Sending) => sendTo(endpoint, sending);
  return {
    facts,
    client: s3({ keys, endpoint }),
    signed: sign,
    send,
    call: async (signing) => await send(await sign(signing)),
    halfSend: (sending, firstBytes) => halfSend(sending, firstBytes, endpoint),
    stop,
  };
}
