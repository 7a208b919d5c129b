export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'problem';
  /** What was seen. */
  readonly seen: string;
  /** What to do about it; present unless all is well. */
  readonly mend?: string;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}

export const fine = (name: string, seen: string): Finding => ({ name, state: 'ok', seen });
export const warning = (name: string, seen: string, mend: string): Finding => ({ name, state: 'warning', seen, mend });
export const problem = (name: string, seen: string, mend: string): Finding => ({ name, state: 'problem', seen, mend });
