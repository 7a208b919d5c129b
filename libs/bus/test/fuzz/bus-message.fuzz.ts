import { allContracts, Fault, services } from '@coffer/contracts';
import { expectation, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { decodeEnvelopes, decodeOutcomes, encode, encodeEnvelopes, encodeOutcomes } from '../../src/codec.ts';
import { Dispatcher } from '../../src/dispatcher.ts';
import type { Envelope, Outcome } from '../../src/envelope.ts';
import { handle, handleBatch } from '../../src/handler.ts';

const failures: unknown[] = [];
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (details: object) => void failures.push(details),
};

/** Every service of the system, with handlers that answer at once: what reaches them has passed the schema. */
const dispatchers = new Map(
  services.map((service) => {
    const own = allContracts.filter((contract) => contract.service === service);
    const registrations = own.map((contract) =>
      contract.batched
        ? handleBatch(contract, (messages) => Promise.resolve(messages))
        : handle(contract, (message) => Promise.resolve(message)),
    );
    return [service, new Dispatcher(service, registrations, log)] as const;
  }),
);
const subjects = allContracts.map(({ subject }) => subject);

/** A fault is one of those that the bus raises, and says nothing of the values that it was raised for. */
function judgeFault(fault: Fault, canary: string): string {
  expectation(fault instanceof Fault, 'what is refused is refused as a fault');
  expectation(fault.message.length < 4_000, 'the words of a fault are bounded');
  expectation(canary.length < 12 || !fault.message.includes(canary), 'a fault shows no value');
  return fault.code;
}

/** The answer to one element, after a journey. */
function travelled(outcomes: readonly Outcome[]): readonly Outcome[] {
  const back = decodeOutcomes(encodeOutcomes(outcomes), outcomes.length);
  expectation(
    back.every((each, index) => 'fault' in each === 'fault' in outcomes[index]!),
    'an answer travels as what it is',
  );
  return back;
}

function readReply(bytes: Buffer): string {
  try {
    for (const outcome of decodeOutcomes(bytes, 1)) {
      if ('fault' in outcome) return judgeFault(outcome.fault, '');
      for (const contract of allContracts) contract.reply.safeParse(outcome.reply);
    }
    return 'reply';
  } catch (error) {
    expectation(error instanceof Fault, `a reply is refused as a fault, not as ${String(error)}`);
    return error.code;
  }
}

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      2 ** 53,
      NaN,
      Infinity,
      '',
      'x',
      new Date(0),
      Buffer.from('ab'),
      new Date(NaN),
    ),
    fc.dictionary(fc.constantFrom('bucket', 'key', 'id', 'accountId', '__proto__', 'requests', 'records'), tie('any')),
    fc.array(tie('any'), { maxLength: 3 }),
  ),
})).any;
const structured = fc
  .tuple(fc.constantFrom(...subjects), fc.array(value, { minLength: 1, maxLength: 3 }))
  .map(([subject, messages]) => {
    const envelopes = messages.map((message) => ({ message, timeoutMs: 50, must: [] }));
    return Buffer.concat([Buffer.from(`${subject}\n`), encodeEnvelopes(envelopes)]);
  });

/** Messages on the bus, to every contract there is (the first line is the subject), and the replies to them. */
const target: FuzzTarget = {
  name: 'bus-message',
  corpus: new URL('corpus/bus-message/', import.meta.url),
  parsers: [
    'libs/bus/src/codec.ts',
    'libs/bus/src/dispatcher.ts',
    'libs/bus/src/must-understand.ts',
    'libs/contracts/src',
  ],
  tokens: [...subjects, '\u0081', '\u0091', '\u00c0', '\u00dc\u00ff\u00ff', 'bucket', 'key', 'must', '\u00a9__proto__'],
  structured,
  mustSee: ['unreadable', 'InvalidMessage', 'reply'],
  async run(input) {
    const end = input.indexOf(0x0a);
    const named = input.subarray(0, Math.max(0, end)).toString('latin1');
    const contract = allContracts.find(({ subject }) => subject === named) ?? allContracts[0]!;
    const bytes = input.subarray(end + 1);
    const asReply = readReply(bytes);
    let envelopes: Envelope[];
    try {
      envelopes = decodeEnvelopes(bytes);
    } catch (error) {
      // The receiver answers all of these with InvalidMessage.
      expectation(error instanceof Error, 'what cannot be read throws an error');
      return asReply === 'reply' ? 'reply' : 'unreadable';
    }
    expectation(encode(decodeEnvelopes(encodeEnvelopes(envelopes))).length > 0, 'what was read can travel on');
    failures.length = 0;
    const key = (envelopes[0]?.message as { key?: unknown } | null)?.key;
    const canary = typeof key === 'string' ? key : '';
    const outcomes = await dispatchers
      .get(contract.service)!
      .dispatch(contract.subject, contract.callers[0], envelopes);
    expectation(outcomes.length === envelopes.length, 'one outcome for each element');
    expectation(failures.length === 0, `no handler fails: ${JSON.stringify(failures.map(String))}`);
    const [first] = travelled(outcomes);
    return first && 'fault' in first ? judgeFault(first.fault, canary) : 'reply';
  },
};
export default target;
