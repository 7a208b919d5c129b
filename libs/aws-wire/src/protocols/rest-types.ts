import type { Operation } from '../api.ts';
import type { Member } from '../schema.ts';

/** Reads a body that is not empty into the input. */
export type BodyReader = (body: Buffer, into: Record<string, unknown>) => void;
/** The body of an output and its type; undefined when it has none. */
export type BodyWriter = (output: Record<string, unknown>) => { type: string; body: string | Buffer } | undefined;

/** What a structure says about the body of a request or response. */
export interface BodyShape {
  readonly operation: Operation;
  readonly payload: Member | undefined;
  /** Members that share one document, when there is no payload member. */
  readonly members: readonly Member[];
}
