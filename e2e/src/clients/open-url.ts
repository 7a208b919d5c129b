import { readFileSync } from 'node:fs';
import { stack } from '../harness/stack.ts';
import type { Wire } from '../harness/wire.ts';
import { sendTo } from '../harness/wire.ts';

/** What somebody gets who has only this URL: its target is sent as it stands, and the server's certificate is checked. */
export async function openUrl(url: string, method = 'GET', body?: Buffer): Promise<Wire> {
  const { protocol, host } = new URL(url);
  const secure = protocol === 'https:';
  const headers = { host, ...(body && { 'content-length': String(body.length) }) };
  const target = url.slice(url.indexOf('/', protocol.length + 2));
  const sending = { method, target, headers, ...(body && { body }) };
  return await sendTo(
    secure ? stack().httpsEndpoint! : stack().endpoint,
    sending,
    secure ? readFileSync(stack().caBundle!) : undefined,
  );
}
