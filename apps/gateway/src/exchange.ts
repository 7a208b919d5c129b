import type { Caller, ChildEntry, RequestRecord, Tag } from '@coffer/contracts';
import type { Route } from '@coffer/aws-wire';
import type { Readable } from 'node:stream';
import type { Authenticated } from './authenticate/authenticate.ts';
import type { Need, Verdict } from './authorize/authorize.ts';
import type { Incoming } from './listen/incoming.ts';
import type { Bucket } from './route/contexts.ts';

/** What an operation gives back; nothing is rendered, measured or recorded in it. */
export interface Answer {
  /** Overrides the status of AWS's schema, for example 206. */
  readonly status?: number;
  /** Members as AWS's schema names them. */
  readonly output: Record<string, unknown>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the object, when the operation gives any: all of them, or as a stream with how many there will be. */
  readonly bytes?: Buffer;
  readonly stream?: Readable;
  readonly length?: number;
  /** Whether a record that is written before the first byte can be the final one. */
  readonly brief?: boolean;
  /** What only the operation knows about itself. */
  readonly facts?: Partial<RequestRecord>;
}

/** One request whose sender is known and whose input is read. */
export interface Exchange<Input = Record<string, unknown>> {
  readonly incoming: Incoming;
  readonly route: Route;
  readonly input: Input;
  readonly authenticated: Authenticated;
  readonly caller: Caller;
  /** The bucket under whose configuration the newest decision was taken. Throws for requests that name none. */
  bucket(): Bucket;
  /** Whether the operation is decided within an existing bucket. */
  hasBucket(): boolean;
  /**
   * Calls the owner under the newest decision. When the owner says that the decision rests on old configuration, takes
   * it again under the new one, and calls again. `sealed`: bytes were sealed for this very bucket, so another bucket
   * of the same name is a conflict. `looks`: the call only finds the object; all others come after its tags were judged,
   * where a policy asks for them.
   */
  deciding<Reply>(
    call: (bucket: Bucket) => Promise<Reply>,
    options?: { sealed?: boolean; looks?: boolean },
  ): Promise<Reply>;
  /** Calls an owner that keeps no bucket. As `deciding`, it first makes sure that the sender may still do this. */
  calling<Reply>(call: () => Promise<Reply>): Promise<Reply>;
  /** True when a policy that has a say in this request asks about the tags of the object. */
  readsObjectTags(): boolean;
  /**
   * Looks up further permissions, such as those on each key of a multi-object delete. A refusal rests on configuration
   * no older than the request. Never throws AccessDenied.
   */
  judge(needs: readonly Need[]): Promise<Verdict>;
  /** Takes the decision of the request itself again, now that the object's tags are known. Throws AccessDenied. */
  decideWithTags(tags: readonly Tag[]): Promise<void>;
  /** Whether the request would be allowed to somebody who knows nothing of the object's tags. */
  allowedWithoutTags(): Promise<boolean>;
  /** Puts the reasons of a further decision on record. */
  decided(verdict: Verdict): void;
  /** The record of this request so far, to be stored with the change that it makes. */
  draft(facts?: Partial<RequestRecord>): RequestRecord;
  /** Adds an entry to the request's record, such as the source of a copy. */
  note(child: ChildEntry): void;
}
