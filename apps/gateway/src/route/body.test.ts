import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHead } from '../listen/incoming.ts';
import { proxyTrust } from '../listen/trusted-proxies.ts';
import { BodyBudget, readWhole } from './body.ts';

const codeOf = (error: unknown) => (error as { code?: string }).code;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('BodyBudget', () => {
  it('refuses with SlowDown what is over, and takes it once bytes were given back', () => {
    const budget = new BodyBudget(100);
    const giveBack = budget.take(60);
    budget.take(40);
    expect(() => budget.take(1)).toThrow(expect.objectContaining({ code: 'SlowDown', status: 503 }));
    giveBack();
    budget.take(60);
    expect(() => budget.take(1)).toThrow();
  });

  it('a refusal takes nothing', () => {
    const budget = new BodyBudget(100);
    for (let n = 0; n < 10; n++) expect(() => budget.take(101)).toThrow();
    expect(() => budget.take(100)).not.toThrow();
  });

  it('bytes are given back once, however often that is called', () => {
    const budget = new BodyBudget(100);
    const giveBack = budget.take(50);
    budget.take(50);
    giveBack();
    giveBack();
    budget.take(50);
    expect(() => budget.take(1)).toThrow();
  });
});

describe('readWhole', () => {
  const LIMIT = 1000;
  let server: Server;
  let budget: BodyBudget;
  let outcomes: Promise<unknown>[];
  let beforeReading: () => Promise<unknown>;

  beforeEach(async () => {
    budget = new BodyBudget(LIMIT);
    outcomes = [];
    beforeReading = async () => undefined;
    const trust = proxyTrust([]);
    server = createServer((message, response) => {
      const incoming = readHead(message, response, trust, false);
      const outcome = beforeReading()
        .then(() => readWhole(incoming, LIMIT, budget))
        .then(
          (body) => body.toString(),
          (error: unknown) => codeOf(error),
        );
      outcomes.push(outcome);
      void outcome.then(() => response.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function begin(head: string): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
    return socket;
  }
  const firstOutcome = async () => {
    while (outcomes.length === 0) await pause(5);
    return await outcomes[0];
  };
  const budgetIsFree = () => expect(() => budget.take(LIMIT)()).not.toThrow();

  it('reads a body of a known and of an unknown length', async () => {
    (await begin('Content-Length: 5')).write('hello');
    expect(await firstOutcome()).toBe('hello');
    outcomes = [];
    (await begin('Transfer-Encoding: chunked')).write('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    expect(await firstOutcome()).toBe('abcde');
    budgetIsFree();
  });

  it('refuses an announced length over the limit before a byte is read', async () => {
    await begin(`Content-Length: ${LIMIT + 1}`);
    expect(await firstOutcome()).toBe('MaxMessageLengthExceeded');
    budgetIsFree();
  });

  it('refuses what turns out longer than the limit', async () => {
    const socket = await begin('Transfer-Encoding: chunked');
    socket.write(`${(LIMIT + 1).toString(16)}\r\n${'x'.repeat(LIMIT + 1)}\r\n`);
    expect(await firstOutcome()).toBe('MaxMessageLengthExceeded');
    budgetIsFree();
  });

  it('holds the announced bytes while the body is on its way, and the whole limit when none were announced', async () => {
    const slow = await begin('Content-Length: 600');
    await pause(50);
    expect(() => budget.take(401)).toThrow();
    budget.take(400)();
    slow.destroy();
    expect(await firstOutcome()).toBe('IncompleteBody');
    budgetIsFree();
    outcomes = [];
    const unknown = await begin('Transfer-Encoding: chunked');
    await pause(50);
    expect(() => budget.take(1)).toThrow();
    unknown.destroy();
    expect(await firstOutcome()).toBe('IncompleteBody');
    budgetIsFree();
  });

  it('a client that left BEFORE the reading began is no request that hangs', async () => {
    beforeReading = () => pause(200);
    const socket = await begin('Content-Length: 500');
    socket.write('abc');
    await pause(50);
    socket.destroy();
    expect(await firstOutcome()).toBe('IncompleteBody');
    budgetIsFree();
  });

  it('is refused with SlowDown when other bodies hold the budget', async () => {
    const giveBack = budget.take(LIMIT - 1);
    (await begin('Content-Length: 2')).write('ab');
    expect(await firstOutcome()).toBe('SlowDown');
    giveBack();
  });
});
