import { readFileSync } from 'node:fs';

export interface VectorCase {
  name: string;
  method: string;
  target: string;
  headers: [string, string][];
  body?: string;
  /** Seconds since the epoch at which it was signed. */
  now?: number;
  virtualHostBucket?: string;
}

export interface VectorFile {
  source: string;
  accessKeyId: string;
  secretAccessKey: string;
  cases: VectorCase[];
}

/** Reads a file of signed requests that others made. */
export function readVectors<T extends VectorFile = VectorFile>(name: string): T {
  return JSON.parse(readFileSync(new URL(`vectors/${name}`, import.meta.url), 'utf8')) as T;
}
