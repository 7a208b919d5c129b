import type { Destination } from '../client/client.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A server under measurement, with all that runs beneath it. */
export interface Subject extends Destination {
  readonly name: string;
  /** The process that was started; everything beneath it belongs to the subject. */
  readonly pid: number;
  /** The data folder of a Coffer. */
  readonly dataFolder?: string;
  /**
   * One line for each setting that makes an acknowledged write durable, as the running processes have it.
   * @throws Error when one of them is off: figures beside a server that does not wait for the disk mean nothing
   */
  durability(): Promise<string[]>;
  /** Writes that nobody measures may leave the disk out; where there is no such way, this just does the work. */
  whileSeeding(work: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}
