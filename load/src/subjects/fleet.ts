import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cofferModules } from '../paths.ts';
import { progress } from '../report/progress.ts';
import { startCoffer } from './coffer.ts';
import { minioSecrets, startMinio, type MinioSecrets } from './minio.ts';
import type { Subject } from './subject.ts';
import { withoutRecords } from './hooks.ts';

export const subjectNames = [
  'minio',
  'minio-plain',
  'embedded',
  'native',
  'native-two',
  'native-shared',
  'embedded-two',
  'embedded-recorded',
  'embedded-unrecorded',
] as const;
export type SubjectName = (typeof subjectNames)[number];

/** The servers that a run needs, started when they are first asked for, stopped together. */
export class Fleet {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Map<SubjectName, Subject>();
  readonly durability: string[] = [];

  /**
   * @param folder where data lies; one that was used before is taken up again
   * @param env further variables for every Coffer
   */
  constructor(folder: string, env: NodeJS.ProcessEnv = {}) {
    this.#folder = folder;
    this.#env = env;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  get running(): Subject[] {
    return [...this.#running.values()];
  }

  /** @throws Error when one of them does not start, or does not wait for the disk */
  async get(names: readonly SubjectName[]): Promise<Subject[]> {
    const subjects: Subject[] = [];
    for (const name of names) {
      let subject = this.#running.get(name);
      if (!subject) {
        progress(`starting ${name}`);
        subject = await this.#start(name);
        this.#running.set(name, subject);
        this.durability.push(...(await subject.durability()));
      }
      subjects.push(subject);
    }
    return subjects;
  }

  async stop(name: SubjectName): Promise<void> {
    const subject = this.#running.get(name);
    this.#running.delete(name);
    await subject?.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)));
  }

  #start(name: SubjectName): Promise<Subject> {
    const folder = this.#folder;
    const env = this.#env;
    switch (name) {
      case 'minio':
      case 'minio-plain':
        return startMinio({ name, folder, secrets: this.#secrets(), encryption: name === 'minio' });
      case 'embedded':
        return startCoffer({ name, folder, env, mode: 'up' });
      case 'embedded-two':
        return startCoffer({ name, folder, env, mode: 'up', sharing: 2 });
      case 'embedded-recorded':
        return startCoffer({ name, folder, env, mode: 'up', program: cofferModules });
      case 'embedded-unrecorded':
        return startCoffer({ name, folder, mode: 'up', env: { ...env, ...withoutRecords() }, program: cofferModules });
      case 'native':
        return startCoffer({ name, folder, env, mode: 'stack' });
      case 'native-two':
        return startCoffer({ name, folder, env, mode: 'stack', replicas: 2 });
      case 'native-shared':
        return startCoffer({ name, folder, env, mode: 'stack', sharing: 2 });
    }
  }

  #secrets(): MinioSecrets {
    const file = join(this.#folder, 'minio-secrets.json');
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as MinioSecrets;
    const secrets = minioSecrets();
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
    return secrets;
  }
}
