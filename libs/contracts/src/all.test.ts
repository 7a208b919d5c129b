import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as everything from './index.ts';
import { allContracts, allEvents } from './all.ts';
import { services, type Contract } from './contract.ts';

/** Contracts and events that the package exports, however deep in its namespaces and tables they lie. */
function exported(value: unknown, seen: Set<unknown> = new Set()): { subject: string }[] {
  if (typeof value !== 'object' || value === null || seen.has(value) || value instanceof z.ZodType) return [];
  seen.add(value);
  if ('subject' in value && typeof value.subject === 'string') return [value as { subject: string }];
  return Object.values(value).flatMap((member) => exported(member, seen));
}

function membersOf(contract: Contract): string[] {
  if (!(contract.request instanceof z.ZodObject)) throw new TypeError(`${contract.subject} asks with no object`);
  return Object.keys(contract.request.shape as object);
}

const subjectsOf = (which: (contract: Contract) => boolean): string[] =>
  allContracts.filter(which).map(({ subject }) => subject);

describe('the list of contracts', () => {
  it('holds every contract and event, since nobody gets the right to use another', () => {
    const { allContracts: _contracts, allEvents: _events, ...rest } = everything;
    const listed = [...allContracts, ...allEvents].map(({ subject }) => subject);
    expect(
      exported(rest)
        .map(({ subject }) => subject)
        .toSorted(),
    ).toEqual(listed.toSorted());
  });

  it('has each subject once, also after the name of the caller was put behind it', () => {
    const subjects = [...allContracts, ...allEvents].map(({ subject }) => subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    const inside = subjects.filter((subject) => subjects.some((other) => subject.startsWith(`${other}.`)));
    expect(inside).toEqual([]);
  });

  it('gives every call a subject of its service that the broker takes', () => {
    const odd = ({ subject, service }: Contract): boolean =>
      !/^coffer\.v1(\.[A-Za-z0-9-]+)+$/.test(subject) || !subject.startsWith(`coffer.v1.${service}.`);
    expect(subjectsOf(odd)).toEqual([]);
  });

  it('gives every call at least one caller, and none to the service itself', () => {
    const odd = ({ callers, service }: Contract): boolean =>
      callers.length === 0 ||
      new Set(callers).size !== callers.length ||
      callers.includes(service) ||
      callers.some((caller) => !services.includes(caller));
    expect(subjectsOf(odd)).toEqual([]);
  });

  it('asks receivers to understand only members that there are', () => {
    const odd = (contract: Contract): boolean => {
      const members = membersOf(contract);
      return contract.mustUnderstand.some((name) => !members.includes(name));
    };
    expect(subjectsOf(odd)).toEqual([]);
  });

  it('lets no receiver ignore what a change is checked by, or its record', () => {
    const guards = ['revision', 'conditions', 'mfa', 'bypassGovernance', 'draft', 'userArn'];
    const odd = (contract: Contract): boolean =>
      membersOf(contract).some((name) => guards.includes(name) && !contract.mustUnderstand.includes(name));
    expect(subjectsOf(odd)).toEqual([]);
  });

  it('gives receivers between half a second and ten minutes', () => {
    expect(subjectsOf(({ timeoutMs }) => !(timeoutMs >= 500 && timeoutMs <= 600_000))).toEqual([]);
  });

  it('lets only batched contracts gather by a key', () => {
    expect(() =>
      everything.contract('kms', 'odd', {
        request: z.object({ key: z.string() }),
        reply: z.object({}),
        callers: ['gateway'],
        batchBy: ({ key }) => key,
      }),
    ).toThrow(/not batched/);
  });
});

describe('messages', () => {
  it('carry request ids of one form only', () => {
    const fits = (id: string): boolean => everything.requestId.safeParse(id).success;
    expect(fits('01JD6ZV4T3M8Q2W7X9Y0ABCDEF')).toBe(true);
    for (const id of ['', '01JD6ZV4T3M8Q2W7X9Y0ABCDE', '01JD6ZV4T3M8Q2W7X9Y0ABCDEFG', '01JD6ZV4T3M8Q2W7X9Y0ABCDEI']) {
      expect(fits(id)).toBe(false);
    }
    expect(fits('01jd6zv4t3m8q2w7x9y0abcdef')).toBe(false);
  });

  it('carry bytes as bytes', () => {
    expect(everything.bytes.safeParse(Uint8Array.of(1)).success).toBe(true);
    expect(everything.bytes.safeParse(Buffer.of(1)).success).toBe(true);
    for (const other of ['AQ==', [1], { 0: 1, length: 1 }, new ArrayBuffer(1)]) {
      expect(everything.bytes.safeParse(other).success).toBe(false);
    }
  });

  it('delete between one and a thousand entries', () => {
    const { entries } = (everything.objectStorage.deleteVersions.request as unknown as z.ZodObject).shape as {
      entries: z.ZodType;
    };
    const several = (count: number) => entries.safeParse(Array.from({ length: count }, () => ({ key: 'k' }))).success;
    expect([0, 1, 1000, 1001].map(several)).toEqual([false, true, true, false]);
  });
});
