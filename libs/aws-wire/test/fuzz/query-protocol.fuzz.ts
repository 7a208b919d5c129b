import { expectation, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { factsOf, operationsOf, type Api } from '../../src/api.ts';
import { codecFor } from '../../src/codec.ts';
import { queryAction, resolveQuery } from '../../src/routing/query-action.ts';
import { route } from '../../src/routing/route.ts';
import { refusal, unspoiled } from './reading.ts';

const ACTIONS = [...operationsOf('iam'), ...operationsOf('sts')];
const name = fc.oneof(
  fc.constantFrom('UserName', 'PolicyDocument', 'Tags.member.1.Key', 'Tags.member.2.Value', 'MaxItems', 'RoleArn'),
  fc.constantFrom('Tags.member.x', 'Tags.entry.1', 'Tags', '.', 'a..b', 'DurationSeconds', 'Tags.member.99999999999'),
);
const structured = fc
  .record({
    action: fc.constantFrom(...ACTIONS),
    pairs: fc.array(fc.tuple(name, fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('1', 'true', '%00'))), {
      maxLength: 5,
    }),
  })
  .map(({ action, pairs }) => {
    const version = operationsOf('iam').includes(action) ? '2010-05-08' : '2011-06-15';
    const rest = pairs.map(([one, value]) => `&${one}=${encodeURIComponent(value.toWellFormed())}`).join('');
    return Buffer.from(`Action=${action}&Version=${version}${rest}`);
  });

/** Forms of IAM and STS, signed and not. */
const target: FuzzTarget = {
  name: 'query-protocol',
  corpus: new URL('corpus/query-protocol/', import.meta.url),
  parsers: [
    'libs/aws-wire/src/query',
    'libs/aws-wire/src/routing/query-action.ts',
    'libs/aws-wire/src/protocols/query.ts',
  ],
  tokens: [
    ...ACTIONS,
    'Action=',
    '&Version=2010-05-08',
    '&Version=2011-06-15',
    '&',
    '=',
    '%',
    '+',
    '.member.1',
    '.member.0',
    '.member.999999',
    '.entry.1.key',
    '&Tags.member.1.Key=a',
    '&UserName=',
    '&PolicyDocument=%7B%7D',
    '.1',
    '.',
  ],
  structured,
  mustSee: ['CreateUser', 'GetCallerIdentity', 'InvalidAction', 'MalformedQueryString', 'ValidationError'],
  run(input) {
    const services: (Api | undefined)[] = ['iam', 'sts', undefined];
    const outcomes = services.map((service) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      try {
        const options = { hosts: [], ...(service === undefined ? {} : { credentialService: service }) };
        const found = route({ method: 'POST', target: '/', headers }, options);
        const complete = resolveQuery(found, input, service !== undefined);
        expectation(queryAction(input).action === complete.operation, 'the action is the one that the form names');
        const read = codecFor(complete.api, complete.operation).readInput(complete, headers, input);
        expectation(factsOf(complete.api).protocol === 'query', 'a form is for IAM or STS');
        unspoiled(read);
        return complete.operation;
      } catch (error) {
        return refusal(error);
      }
    });
    return outcomes.find((outcome) => outcome !== 'InvalidAction') ?? 'InvalidAction';
  },
};
export default target;
