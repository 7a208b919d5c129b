import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isBlobId } from '../blob-id.ts';
import { errnoOf } from './errno.ts';

const HOUR = /^\d{10}$/;
const SHARD = /^[0-9a-v]$/;

/**
 * Where things lie in the folder of a store:
 * `blobs/<hour>/<first random character>/<id>`, and `tmp/` for what is being written. Both levels are prefixes of the
 * id, so walking the folders in order gives the ids in order.
 */
export class Layout {
  readonly blobs: string;
  readonly temporary: string;

  constructor(folder: string) {
    this.blobs = join(folder, 'blobs');
    this.temporary = join(folder, 'tmp');
  }

  /** The folders and the path of a blob; the id must have been checked. */
  place(id: string): { hour: string; shard: string; path: string } {
    const [hour, random] = [id.slice(0, 10), id.slice(11)];
    const hourFolder = join(this.blobs, hour);
    const shard = join(hourFolder, random.slice(0, 1));
    return { hour: hourFolder, shard, path: join(shard, id) };
  }

  /** All ids greater than `after`, in order. */
  async *ids(after = ''): AsyncGenerator<string, void, undefined> {
    const [afterHour, afterShard] = [after.slice(0, 10), after.slice(11, 12)];
    for (const hour of await names(this.blobs, (name) => HOUR.test(name) && name >= afterHour)) {
      const from = hour === afterHour ? afterShard : '';
      for (const shard of await names(join(this.blobs, hour), (name) => SHARD.test(name) && name >= from)) {
        const prefix = `${hour}-${shard}`;
        const wanted = (name: string) => name > after && name.startsWith(prefix) && isBlobId(name);
        yield* await names(join(this.blobs, hour, shard), wanted);
      }
    }
  }

  /** The hours that have a folder. */
  hours(): Promise<string[]> {
    return names(this.blobs, (name) => HOUR.test(name));
  }
}

/** The wanted names in a folder, sorted; none when it has just been removed. */
export async function names(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(wanted).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
