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

  constructor(
    private readonly response: ServerResponse,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** Runs `work`, with signs of life when the operation is one of the slow ones. */
  async during<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
    if (!SLOW.has(operation)) return work();
    this.timer = setTimeout(() => this.beat(), START_MS);
    try {
      return await work();
    } finally {
      clearTimeout(this.timer);
    }
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
