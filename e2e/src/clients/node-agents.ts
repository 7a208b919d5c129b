import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { stack } from '../harness/stack.ts';

/** Agents for clients that run in this process: with Coffer's own authority, and no other. */
export function nodeAgents(): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  return {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true, ca: readFileSync(stack().caBundle!) }),
  };
}
