import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Backend } from './detours.ts';

/**
 * What a detour does to what passes through it. `cut`: connections break, new ones are refused. `hold`: nothing passes,
 * connections stay. `break-puts`: every second HTTP PUT ends in the middle of its body.
 */
export type Way = 'open' | 'cut' | 'hold' | 'break-puts' | { readonly delayMs: number };

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP proxy on a port that stays, before a server that may come back on another. */
export class Detour {
  #way: Way = 'open';
  #puts = 0;
  readonly #pairs = new Set<Pair>();
  readonly #listener: Server;

  private constructor(
    readonly backend: Backend,
    private readonly serverPort: () => number | undefined,
  ) {
    this.#listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** @param serverPort where the server listens now, if anywhere */
  static async open(backend: Backend, serverPort: () => number | undefined): Promise<Detour> {
    const detour = new Detour(backend, serverPort);
    await new Promise<void>((resolve, reject) => {
      detour.#listener.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return detour;
  }

  get port(): number {
    return (this.#listener.address() as { port: number }).port;
  }

  set(way: Way): void {
    this.#way = way;
    for (const pair of this.#pairs) {
      if (way === 'cut') destroy(pair);
      for (const socket of [pair.client, pair.server]) {
        if (way === 'hold') socket.pause();
        else socket.resume();
      }
    }
  }

  close(): void {
    this.#listener.close();
    for (const pair of this.#pairs) destroy(pair);
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined);
    const port = this.serverPort();
    if (this.#way === 'cut' || port === undefined) return void client.resetAndDestroy();
    const server = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#pass(pair, client, server);
    this.#pass(pair, server, client);
    if (this.#way === 'hold') for (const socket of [client, server]) socket.pause();
  }

  #pass(pair: Pair, from: Socket, to: Socket): void {
    const line = new Line();
    const delay = () => (typeof this.#way === 'object' ? this.#way.delayMs : 0);
    from.on('error', () => destroy(pair));
    from.on('close', () => {
      this.#pairs.delete(pair);
      // What was read is still on its way to the other side.
      line.put(delay(), () => to.end());
    });
    from.on('end', () => line.put(delay(), () => to.end()));
    from.on('data', (chunk: Buffer) => {
      if (this.#way === 'break-puts' && from === pair.client && isPut(chunk) && (this.#puts += 1) % 2 === 1) {
        to.write(chunk.subarray(0, middleOfBody(chunk)));
        from.pause();
        // Time for the server to take what came, as with a network that breaks a moment later.
        setTimeout(() => destroy(pair), 20);
        return;
      }
      line.put(delay(), () => {
        if (to.destroyed || to.write(chunk)) return;
        from.pause();
        to.once('drain', () => this.#way !== 'hold' && from.resume());
      });
    });
  }
}

/** Does things one after the other, none before its time. */
class Line {
  readonly #waiting: { readonly due: number; readonly act: () => void }[] = [];

  put(delayMs: number, act: () => void): void {
    if (delayMs === 0 && this.#waiting.length === 0) return act();
    this.#waiting.push({ due: performance.now() + delayMs, act });
    if (this.#waiting.length === 1) this.#wait();
  }

  #wait(): void {
    const [first] = this.#waiting;
    if (!first) return;
    setTimeout(
      () => {
        first.act();
        this.#waiting.shift();
        this.#wait();
      },
      Math.max(0, first.due - performance.now()),
    );
  }
}

function destroy({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}

function isPut(chunk: Buffer): boolean {
  return chunk.subarray(0, 5).toString('latin1') === 'PUT /';
}

function middleOfBody(chunk: Buffer): number {
  const body = chunk.indexOf('\r\n\r\n') + 4;
  return body + Math.floor((chunk.length - body) / 2);
}
