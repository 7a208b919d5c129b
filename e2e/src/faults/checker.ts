import type { S3Client } from '@aws-sdk/client-s3';
import {
  GetBucketPolicyCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import type { Content } from './contents.ts';
import { inParallel } from './in-parallel.ts';
import type { Journal, KeyState, UploadState, Value, VersionedKey } from './journal.ts';
import type { Listed } from './shown.ts';
import { listKeys, listVersions, readListed } from './shown.ts';
import { matchVersions } from './match-versions.ts';
import type { Buckets } from './worker.ts';

export interface CheckOptions {
  /** Read everything again, also what was read in an earlier check and whose listing has not changed since. */
  readonly everything?: boolean;
  /**
   * Nothing that got no answer can still be under way: what is seen now of an unsure operation is what it came to.
   */
  readonly quiet?: boolean;
}

function show(value: Value): string {
  return value === undefined ? 'nothing' : `${value.size} bytes ${value.sha256.slice(0, 12)} tags "${value.tags}"`;
}

export function same(a: Value, b: Value): boolean {
  return a?.sha256 === b?.sha256 && a?.tags === b?.tags;
}

/** Compares what a stack shows with what its clients were told. */
export class Checker {
  /** What was read of a key or version, and under which listing. */
  readonly #read = new Map<string, { etag: string; content: Content; state: unknown }>();

  constructor(
    private readonly client: S3Client,
    private readonly journal: Journal,
    private readonly buckets: Buckets,
  ) {}

  /** All that is wrong, one line each; empty when every promise was kept. */
  async check(options: CheckOptions = {}): Promise<string[]> {
    if (options.everything) this.#read.clear();
    const problems = this.journal.contradictions.splice(0);
    await this.#keys(problems, options);
    await this.#versions(problems);
    await this.#uploads(problems);
    await this.#policies(problems);
    return problems;
  }

  /** Reads unless the same was read before. */
  async #content(bucket: string, listed: Listed, state: unknown, problems: string[]): Promise<Content | undefined> {
    const id = `${listed.key}\0${listed.versionId ?? ''}`;
    const known = this.#read.get(id);
    if (known && known.etag === listed.etag && known.state === state) return known.content;
    try {
      const { content, problems: more } = await readListed(this.client, bucket, listed);
      problems.push(...more);
      if (!this.journal.attempted.has(content.sha256)) {
        problems.push(`${listed.key}: these ${content.size} bytes are nothing that a client tried to write`);
      }
      this.#read.set(id, { etag: listed.etag, content, state });
      return content;
    } catch (error) {
      problems.push(`${listed.key} is listed and cannot be read: ${(error as Error).name} ${(error as Error).message}`);
      return undefined;
    }
  }

  async #keys(problems: string[], options: CheckOptions): Promise<void> {
    const { journal, buckets } = this;
    const listed = await listKeys(this.client, buckets.plain);
    await inParallel(listed.values(), async (entry) => {
      const { key } = entry;
      const state = journal.keys.get(key);
      const race = journal.races.get(key);
      if (!state && !race) return void problems.push(`${key} is listed and no client wrote it`);
      const content = await this.#content(buckets.plain, entry, state ?? race, problems);
      if (!content) return;
      if (state) this.#observed(key, state, content, problems, options);
      else if (race) {
        const possible = race.won.length > 0 ? race.won : race.unsure;
        if (!possible.some((value) => same(value, content))) {
          problems.push(`${key} holds ${show(content)}; it was won with ${possible.map(show).join(' or ')}`);
        }
      }
    });
    const absent = [...journal.keys].filter(([key]) => !listed.has(key));
    await inParallel(absent, async ([key, state]) => {
      this.#observed(key, state, undefined, problems, options);
      // What is certain to be gone was looked at once already, unless somebody wrote it since.
      if (this.#read.get(key)?.state === state) return;
      this.#read.set(key, { etag: '', content: { sha256: '', size: 0, tags: '' }, state });
      await this.#isAbsent(key, problems);
    });
    for (const [key, { won }] of journal.races) {
      if (won.length > 1) problems.push(`${won.length} clients were told that they made ${key}`);
      if (won.length > 0 && !listed.has(key)) problems.push(`${key} was made and is not there`);
    }
  }

  #observed(key: string, state: KeyState, seen: Value, problems: string[], { quiet }: CheckOptions): void {
    if (!state.possible.some((value) => same(value, seen))) {
      problems.push(`${key} holds ${show(seen)}; clients were told ${state.possible.map(show).join(' or ')}`);
    } else if (quiet && state.possible.length > 1) {
      this.journal.keys.set(key, { possible: [seen], retired: true });
    }
  }

  async #isAbsent(key: string, problems: string[]): Promise<void> {
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: this.buckets.plain, Key: key }));
      problems.push(`${key} can be read and is not listed`);
    } catch (error) {
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status !== 404) problems.push(`${key} is not listed and HEAD answers ${status} ${(error as Error).name}`);
    }
  }

  async #versions(problems: string[]): Promise<void> {
    const { journal, buckets } = this;
    const listed = await listVersions(this.client, buckets.kept);
    for (const key of listed.keys()) {
      if (!journal.versioned.has(key)) problems.push(`versions of ${key} are listed and no client wrote it`);
    }
    await inParallel(journal.versioned, async ([key, state]: [string, VersionedKey]) => {
      const entries = listed.get(key) ?? [];
      const contents = new Map<string, Content>();
      for (const entry of entries) {
        if (entry.isDeleteMarker) continue;
        const content = await this.#content(buckets.kept, entry, 'version', problems);
        if (content) contents.set(entry.versionId!, content);
      }
      problems.push(...matchVersions(key, state, entries, contents));
    });
  }

  async #uploads(problems: string[]): Promise<void> {
    const { journal, buckets } = this;
    const listed = new Map<string, string>();
    for (let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}; ;) {
      const page = await this.client.send(new ListMultipartUploadsCommand({ Bucket: buckets.plain, ...marker }));
      for (const { Key, UploadId } of page.Uploads ?? []) listed.set(UploadId!, Key!);
      if (!page.IsTruncated) break;
      marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
    const unknown = [...listed.keys()].filter((uploadId) => !journal.uploads.has(uploadId));
    if (unknown.length > journal.unansweredUploads) {
      problems.push(
        `${unknown.length} uploads are listed that no client was told of; ${journal.unansweredUploads} got no answer`,
      );
    }
    for (const { uploadId, key, state } of journal.uploads.values()) {
      if (state === 'gone' && listed.has(uploadId)) problems.push(`the upload of ${key} has ended and is listed`);
      if (state === 'open' && !listed.has(uploadId)) problems.push(`the upload of ${key} is open and not listed`);
    }
    const open = [...journal.uploads.values()].filter(({ uploadId }) => listed.has(uploadId));
    await inParallel(open, (upload) => this.#parts(upload, problems));
  }

  async #parts({ key, uploadId, parts }: UploadState, problems: string[]): Promise<void> {
    const answer = await this.client.send(
      new ListPartsCommand({ Bucket: this.buckets.plain, Key: key, UploadId: uploadId }),
    );
    const shown = new Map((answer.Parts ?? []).map((part) => [part.PartNumber!, part]));
    for (const [number, part] of parts) {
      const found = shown.get(number);
      if (!found && part.acknowledged) problems.push(`part ${number} of ${key} was acknowledged and is not there`);
      if (found && !part.etags.some((etag) => found.ETag === `"${etag}"`)) {
        problems.push(`part ${number} of ${key} has ETag ${found.ETag}, which nobody uploaded`);
      }
      if (found && found.Size !== part.size)
        problems.push(`part ${number} of ${key} has ${found.Size} of ${part.size} bytes`);
    }
    for (const number of shown.keys()) {
      if (!parts.has(number)) problems.push(`part ${number} of ${key} is listed and nobody uploaded it`);
    }
  }

  async #policies(problems: string[]): Promise<void> {
    await inParallel(this.journal.policies, async ([bucket, state]) => {
      const exists = await this.client.send(new HeadBucketCommand({ Bucket: bucket })).then(
        () => true,
        (error: Error) => {
          if (error.name !== 'NotFound') problems.push(`HEAD of ${bucket}: ${error.name}`);
          return false;
        },
      );
      if (!exists && state.created) problems.push(`${bucket} was made and is not there`);
      if (!exists) return;
      const policy = await this.client.send(new GetBucketPolicyCommand({ Bucket: bucket })).then(
        ({ Policy }) => Policy,
        (error: Error) => {
          if (error.name !== 'NoSuchBucketPolicy') problems.push(`policy of ${bucket}: ${error.name}`);
          return undefined;
        },
      );
      if (!state.possible.includes(policy)) {
        problems.push(`${bucket} has the policy ${policy}; clients were told ${state.possible.join(' or ')}`);
      }
    });
  }
}
