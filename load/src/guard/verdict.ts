/** Ratios beside a bare MinIO that hot paths had, by workload and subject. */
export type References = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What may be lost of a ratio before the guard says so. */
export const TOLERATED_LOSS: number = 1 / 3;

export interface Verdict {
  readonly workload: string;
  readonly subject: string;
  readonly reference: number;
  readonly measured: number;
  /** Share of the reference that is lost; negative for a gain. */
  readonly loss: number;
  readonly lost: boolean;
}

export function judge(workload: string, subject: string, reference: number, measured: number): Verdict {
  const loss = 1 - measured / reference;
  // A figure that is none must not pass.
  return { workload, subject, reference, measured, loss, lost: !(loss <= TOLERATED_LOSS) };
}

/**
 * Reads the file of references.
 * @throws Error when a ratio that the guard measures is not in it
 */
export function readReferences(text: string, workloads: readonly string[], subjects: readonly string[]): References {
  const references = JSON.parse(text) as References;
  for (const workload of workloads) {
    for (const subject of subjects) {
      const value: unknown = references[workload]?.[subject];
      if (typeof value !== 'number' || !(value > 0))
        throw new Error(`there is no reference for ${workload} of ${subject}`);
    }
  }
  return references;
}
