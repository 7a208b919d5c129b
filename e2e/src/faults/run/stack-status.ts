import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsTransport, type BusTransport } from '@coffer/bus';
import { isFault, status } from '@coffer/contracts';

type Name = keyof typeof status;

/** One that is up answers sooner; a longer wait would be counted as time until it was back. */
const WITHIN_MS = 700;

/** Asks every process of a native stack over the bus, as `coffer status` does, without starting a program each time. */
export class StackStatus {
  private constructor(
    private readonly transport: BusTransport,
    private readonly replicas: Readonly<Record<Name, number>>,
  ) {}

  static async of(dataFolder: string): Promise<StackStatus> {
    const file = readFileSync(join(dataFolder, 'secrets', 'operator.json'), 'utf8');
    const { natsUrl, password, replicas } = JSON.parse(file) as {
      natsUrl: string;
      password: string;
      replicas: Record<Name, number>;
    };
    const user = { service: 'operator', user: 'operator', password } as const;
    return new StackStatus(await natsTransport({ servers: [natsUrl], ...user }), replicas);
  }

  /** @returns what is wrong with a process or with the number of them; nothing when all are well */
  async wrong(): Promise<string | undefined> {
    const names = Object.keys(this.replicas) as Name[];
    const problems = await Promise.all(names.map((name) => this.#wrongWith(name)));
    return problems.find((problem) => problem !== undefined);
  }

  async #wrongWith(name: Name): Promise<string | undefined> {
    const expected = this.replicas[name];
    try {
      const answers = await this.transport.client.callAll(status[name], {}, { expected, timeoutMs: WITHIN_MS });
      if (answers.length < expected) return `${answers.length} of ${expected} processes of ${name} answer`;
      for (const answer of answers) {
        if (isFault(answer)) return `${name}: ${answer.message}`;
        const failing = Object.entries(answer.checks).find(([, outcome]) => outcome !== 'ok');
        if (failing) return `${name}: ${failing.join(': ')}`;
      }
      return undefined;
    } catch (error) {
      return `${name} does not answer: ${(error as Error).message}`;
    }
  }

  async close(): Promise<void> {
    await this.transport.drain();
  }
}
