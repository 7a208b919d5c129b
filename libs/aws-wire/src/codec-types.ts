import type { Api } from './api.ts';
import type { HeaderBag } from './rest/bind-output.ts';
import type { RequestHeaders, Route } from './routing/types.ts';

export interface ResponseContext {
  readonly requestId: string;
  /** S3's second id, `x-amz-id-2`. */
  readonly hostId?: string;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: HeaderBag;
  /** Absent when the response has no body, and for outputs that are streamed by the caller. */
  readonly body?: string | Buffer;
}

/** Reads and writes one operation. Compiled at first use and then kept. */
export interface OperationCodec {
  readonly api: Api;
  readonly name: string;
  /** Status of a success unless the output says otherwise. */
  readonly success: number;
  /** What the operation reads of the body: nothing, a stream that the caller handles, or all of it. */
  readonly inputBody: 'none' | 'streaming' | 'whole';
  /** Name of the member that is streamed in, such as `Body`. */
  readonly inputStream?: string;
  /** Name of the member that is streamed out. */
  readonly outputStream?: string;
  /** Most bytes of a whole body; longer ones are answered MaxMessageLengthExceeded. Zero when there is none to read. */
  readonly maxBody: number;
  /**
   * Reads the input, with the member names of the SDK's CommandInput; dates are Date, blobs Uint8Array, maps have no
   * prototype. Absent members are left out, as is a streamed one. Throws WireError.
   */
  readInput(route: Route, headers: RequestHeaders, body: Buffer | undefined): Record<string, unknown>;
  /** Writes a success from an output with the member names of the SDK's CommandOutput. */
  writeOutput(output: Record<string, unknown>, context: ResponseContext): WireResponse;
}
