import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { Fault, type Contract } from '@coffer/contracts';
import { z } from 'zod';
import { oneProcess, type Operator } from './operator.ts';

/** Beside the call's own deadline. */
const GRACE_MS = 5_000;
const answerShape = z.union([
  z.object({ reply: z.unknown(), fault: z.undefined().optional() }),
  z.object({ fault: z.object({ code: z.string(), message: z.string() }) }),
]);
const endpointsShape = z.object({
  endpoint: z.string(),
  httpsEndpoint: z.string().optional(),
  caFile: z.string().optional(),
  region: z.string(),
});

async function ask(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
  message?: unknown,
): Promise<unknown> {
  const body = await new Promise<string>((resolve, reject) => {
    const request = httpRequest({ socketPath, method, path, timeout: timeoutMs + GRACE_MS }, (response) => {
      text(response).then(resolve, reject);
    });
    request.once('timeout', () => request.destroy(new Fault('Timeout', 'Coffer does not answer')));
    request.once('error', reject);
    request.end(message === undefined ? undefined : JSON.stringify(message));
  });
  const answer = answerShape.parse(JSON.parse(body));
  if (answer.fault) throw new Fault(answer.fault.code, answer.fault.message);
  return answer.reply;
}

/** Connects to a running Coffer. Rejects with the system's error (`ENOENT`, `ECONNREFUSED`) when none listens. */
export async function channelOperator(socketPath: string): Promise<Operator> {
  const endpoints = endpointsShape.parse(await ask(socketPath, 'GET', '/endpoints', GRACE_MS));
  const call = async <Request, Reply>(contract: Contract<Request, Reply>, message: Request): Promise<Reply> =>
    contract.reply.parse(await ask(socketPath, 'POST', `/${contract.subject}`, contract.timeoutMs, message));
  return { endpoints, call, callAll: oneProcess(call), close: () => Promise.resolve() };
}
