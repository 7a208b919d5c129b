import type { S3ServiceException } from '@aws-sdk/client-s3';
import { expect } from 'vitest';

/** What a refused call of the SDK says. */
export interface Refusal {
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
  readonly error: S3ServiceException & Record<string, unknown>;
}

/** The refusal of a call; fails the test when the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (thrown) {
    const error = thrown as Refusal['error'];
    return { code: error.name, status: error.$metadata?.httpStatusCode, message: error.message, error };
  }
  const shown = JSON.stringify(answer, (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'pipe' in value ? '(stream)' : value,
  );
  throw new Error(`expected a refusal, got ${shown?.slice(0, 400)}`);
}

/** Demands that a call is refused with this status, code and, where given, message. */
export async function expectRefused(
  call: Promise<unknown>,
  status: number,
  code: string,
  message?: string | RegExp,
): Promise<Refusal> {
  const got = await refusal(call);
  expect(`${got.status} ${got.code}`, got.message).toBe(`${status} ${code}`);
  if (typeof message === 'string') expect(got.message).toBe(message);
  if (message instanceof RegExp) expect(got.message).toMatch(message);
  return got;
}
