import type { ServerResponse } from 'node:http';

/** How long an operation may take before the answer begins, and how often a sign of life follows. */
const START_MS = 5_000;
const EVERY_MS = 5_000;
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** Operations whose work grows with the object: S3 answers them 200 early, and an error then comes as the body. */
const SLOW = new Set(['CopyObject', 'UploadPartCopy', 'CompleteMultipartUpload']);

/**
 * Keeps a client from giving up on a long operation: after some seconds the answer begins with 200 and white space,
 * as S3 does it, and ends with the real body once that is known.
 */
export class SignOfLife {
  private timer: NodeJS.Timeout | undefined;
  private over = false;
  private readonly response: ServerResponse;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly record: () => Promise<void>;

  /** @param record opens the request's record: its id goes out with the first sign of life */
  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>, record: () => Promise<void>) {
    this.response = response;
    this.headers = headers;
    this.record = record;
  }

  /** Runs `work`, with signs of life when the operation is one of the slow ones. */
  async during<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
    if (!SLOW.has(operation)) return work();
    this.timer = setTimeout(() => void this.begin(), START_MS);
    try {
      return await work();
    } finally {
      this.over = true;
      clearTimeout(this.timer);
    }
  }

  private async begin(): Promise<void> {
    try {
      await this.record();
    } catch {
      // Unrecorded, nothing may go out; the answer itself will find out whether records can be written by then.
      return;
    }
    if (!this.over) this.beat();
  }

  private beat(): void {
    if (!this.response.headersSent) {
      this.response.writeHead(200, { 'Content-Type': 'application/xml', ...this.headers });
      this.response.write(`${DECLARATION}\n`);
    } else {
      this.response.write(' ');
    }
    this.timer = setTimeout(() => this.beat(), EVERY_MS);
  }
}

/** What is left to send of a body whose declaration went out with the first sign of life. */
export function withoutDeclaration(body: string): string {
  return body.startsWith(DECLARATION) ? body.slice(DECLARATION.length).trimStart() : body;
}
