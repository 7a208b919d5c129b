// Microseconds per evaluation of a 20 KB bucket policy. Build first, then: node libs/iam-policy/bench/evaluate.mjs
import { evaluate, parsePolicy } from '../dist/index.js';

const account = '111122223333';
const bucketArn = 'arn:aws:s3:::documents';

/** A bucket policy just below 20480 bytes: team folders with conditions, behind two Deny statements. */
function bigPolicy(action, everyone = false) {
  const Statement = [
    {
      Sid: 'TlsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [bucketArn, `${bucketArn}/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      Sid: 'FromOffice',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: `${bucketArn}/*`,
      Condition: { NotIpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '203.0.113.0/24', '2001:db8::/32'] } },
    },
  ];
  let text = '';
  for (let team = 0; ; team += 1) {
    Statement.push({
      Sid: `Team${team}`,
      Effect: 'Allow',
      Principal: everyone
        ? '*'
        : { AWS: [`arn:aws:iam::${account}:role/team-${team}`, `arn:aws:iam::${account}:user/lead-${team}`] },
      Action: action(team),
      Resource: [`${bucketArn}/teams/${team}/*`, `${bucketArn}/shared/*/team-${team}/\${aws:username}/*`],
      Condition: { StringLike: { 'aws:UserAgent': ['aws-cli/*', '*boto3*'] } },
    });
    const next = JSON.stringify({ Version: '2012-10-17', Statement });
    if (Buffer.byteLength(next) > 20480) return text;
    text = next;
  }
}

function user(name) {
  return {
    kind: 'user',
    accountId: account,
    arn: `arn:aws:iam::${account}:user/${name}`,
    userId: `AIDA${name}`,
    userName: name,
  };
}

function request(name, resource) {
  const context = new Map([
    ['aws:securetransport', 'true'],
    ['aws:sourceip', '203.0.113.9'],
    ['aws:useragent', 'aws-cli/2.15 md/Botocore#1.43'],
  ]);
  return { principal: user(name), action: 's3:GetObject', resource, resourceAccountId: account, context };
}

/** Median of several rounds, in microseconds. */
function measure(name, run) {
  for (let i = 0; i < 20_000; i += 1) run();
  const rounds = [];
  for (let round = 0; round < 9; round += 1) {
    const count = 20_000;
    const started = process.hrtime.bigint();
    for (let i = 0; i < count; i += 1) run();
    rounds.push(Number(process.hrtime.bigint() - started) / 1000 / count);
  }
  rounds.sort((a, b) => a - b);
  console.log(`${name.padEnd(58)} ${rounds[4].toFixed(2).padStart(8)} µs`);
}

const same = bigPolicy(() => 's3:GetObject');
const actions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:GetObjectTagging', 's3:PutObjectTagging'];
const mixed = bigPolicy((team) => actions[team % actions.length]);
const open = parsePolicy(
  bigPolicy(() => 's3:GetObject', true),
  's3-bucket',
  { bucketArn },
);
const own = parsePolicy(
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:*', Resource: `${bucketArn}/*` } }),
  'iam-identity',
);

const everyAction = parsePolicy(same, 's3-bucket', { bucketArn });
const perAction = parsePolicy(mixed, 's3-bucket', { bucketArn });
const last = everyAction.statements.length - 3;
console.log(
  `${Buffer.byteLength(everyAction.text)} bytes, ${everyAction.statements.length} statements, node ${process.version}`,
);
const hit = request(`lead-${last}`, `${bucketArn}/teams/${last}/report.pdf`);
const elsewhere = request('nobody', `${bucketArn}/shared/2026/team-1/somebody/report.pdf`);
const miss = request('nobody', `${bucketArn}/teams/1/report.pdf`);
measure('allowed by the last statement, all of one action', () =>
  evaluate(hit, { identity: [], resource: everyAction }),
);
measure('refused, all of one action', () => evaluate(miss, { identity: [], resource: everyAction }));
measure('refused, statements of five actions', () => evaluate(miss, { identity: [], resource: perAction }));
measure(`refused, ${open.statements.length} statements for everyone`, () =>
  evaluate(elsewhere, { identity: [], resource: open }),
);
measure('allowed by a small identity policy, 20 KB bucket policy', () =>
  evaluate(miss, { identity: [own], resource: everyAction }),
);
measure('allowed by a small identity policy alone', () => evaluate(miss, { identity: [own] }));

const started = process.hrtime.bigint();
for (let i = 0; i < 200; i += 1) parsePolicy(same, 's3-bucket', { bucketArn });
console.log(`parse and compile: ${(Number(process.hrtime.bigint() - started) / 1e6 / 200).toFixed(2)} ms`);

// Patterns made to be slow: every piece can match in many places.
const nasty = parsePolicy(
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `${bucketArn}/${'*a?'.repeat(300)}*b`,
    },
  }),
  's3-bucket',
  { bucketArn },
);
const long = request('nobody', `${bucketArn}/${'a'.repeat(1024)}`);
const from = process.hrtime.bigint();
for (let i = 0; i < 100; i += 1) evaluate(long, { identity: [own], resource: nasty });
console.log(
  `300 wildcards against a key of 1024 characters: ${(Number(process.hrtime.bigint() - from) / 1000 / 100).toFixed(1)} µs`,
);
