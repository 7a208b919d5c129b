import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteUserCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListUsersCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import type { Scenario, State, World } from './scenario.ts';

const FORWARD = ['gateway.forward.before-call', 'gateway.forward.before-answer'];
const CHANGE = ['object-storage.change.before-commit', 'object-storage.change.before-reply'];
const IDENTITY = ['identity.change.committed', 'identity.change.published', 'identity.change.reached'];
const RECORD = ['gateway.record.before-final', 'audit.record.committed'];

const own = ({ unique }: World) => `own-${unique}`;
const make = (world: World) => world.s3.send(new CreateBucketCommand({ Bucket: own(world) }));

async function exists(world: World): Promise<boolean> {
  try {
    await world.s3.send(new HeadBucketCommand({ Bucket: own(world) }));
    return true;
  } catch (error) {
    if ((error as Error).name === 'NotFound') return false;
    throw error;
  }
}

const policyOf = (world: World, sid: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: sid,
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${own(world)}/secret/*`,
      },
    ],
  });

async function policySeen(world: World): Promise<string | undefined> {
  try {
    return (await world.s3.send(new GetBucketPolicyCommand({ Bucket: own(world) }))).Policy;
  } catch (error) {
    if ((error as Error).name === 'NoSuchBucketPolicy') return undefined;
    throw error;
  }
}

function either(seen: string | undefined, before: string | undefined, after: string | undefined): State {
  if (seen === before) return 'before';
  if (seen === after) return 'after';
  throw new Error(`neither the old nor the new: ${seen}`);
}

const putPolicy = (world: World, sid: string) =>
  world.s3.send(new PutBucketPolicyCommand({ Bucket: own(world), Policy: policyOf(world, sid) }));

const createBucket: Scenario = {
  name: 'CreateBucket',
  failpoints: [...FORWARD, 'object-storage.create-bucket.before-commit', 'object-storage.create-bucket.before-reply'],
  operation: 'CreateBucket',
  act: make,
  state: async (world) => ((await exists(world)) ? 'after' : 'before'),
  repeated: ['BucketAlreadyOwnedByYou'],
};

const deleteBucket: Scenario = {
  name: 'DeleteBucket',
  failpoints: [...FORWARD, ...CHANGE],
  operation: 'DeleteBucket',
  prepare: make,
  act: (world) => world.s3.send(new DeleteBucketCommand({ Bucket: own(world) })),
  state: async (world) => ((await exists(world)) ? 'before' : 'after'),
  repeated: ['NoSuchBucket'],
};

const putBucketPolicy: Scenario = {
  name: 'PutBucketPolicy',
  failpoints: [...FORWARD, 'object-storage.put-bucket-policy.after-resolve', ...CHANGE, ...RECORD],
  operation: 'PutBucketPolicy',
  prepare: async (world) => {
    await make(world);
    await putPolicy(world, 'old');
  },
  act: (world) => putPolicy(world, 'new'),
  state: async (world) => either(await policySeen(world), policyOf(world, 'old'), policyOf(world, 'new')),
};

const deleteBucketPolicy: Scenario = {
  name: 'DeleteBucketPolicy',
  failpoints: CHANGE,
  operation: 'DeleteBucketPolicy',
  prepare: putBucketPolicy.prepare!,
  act: (world) => world.s3.send(new DeleteBucketPolicyCommand({ Bucket: own(world) })),
  state: async (world) => either(await policySeen(world), policyOf(world, 'old'), undefined),
};

const putBucketVersioning: Scenario = {
  name: 'PutBucketVersioning',
  failpoints: CHANGE,
  operation: 'PutBucketVersioning',
  prepare: make,
  act: (world) =>
    world.s3.send(
      new PutBucketVersioningCommand({ Bucket: own(world), VersioningConfiguration: { Status: 'Enabled' } }),
    ),
  state: async (world) => {
    const { Status } = await world.s3.send(new GetBucketVersioningCommand({ Bucket: own(world) }));
    return either(Status, undefined, 'Enabled');
  },
};

const makeUser = (world: World) => world.iam.send(new CreateUserCommand({ UserName: own(world) }));

async function userExists(world: World): Promise<boolean> {
  const { Users = [] } = await world.iam.send(new ListUsersCommand({ MaxItems: 1000 }));
  return Users.some(({ UserName }) => UserName === own(world));
}

const createUser: Scenario = {
  name: 'CreateUser',
  failpoints: [...FORWARD, ...IDENTITY],
  operation: 'CreateUser',
  act: makeUser,
  state: async (world) => ((await userExists(world)) ? 'after' : 'before'),
  repeated: ['EntityAlreadyExistsException'],
};

const deleteUser: Scenario = {
  name: 'DeleteUser',
  failpoints: IDENTITY,
  operation: 'DeleteUser',
  prepare: makeUser,
  act: (world) => world.iam.send(new DeleteUserCommand({ UserName: own(world) })),
  state: async (world) => ((await userExists(world)) ? 'before' : 'after'),
  repeated: ['NoSuchEntityException'],
};

const createAccessKey: Scenario = {
  name: 'CreateAccessKey',
  failpoints: IDENTITY,
  operation: 'CreateAccessKey',
  prepare: makeUser,
  act: (world) => world.iam.send(new CreateAccessKeyCommand({ UserName: own(world) })),
  state: async (world) => {
    const { AccessKeyMetadata = [] } = await world.iam.send(new ListAccessKeysCommand({ UserName: own(world) }));
    // A repetition makes a second one, as at AWS.
    return AccessKeyMetadata.length === 0 ? 'before' : 'after';
  },
};

const userPolicy = (sid: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: sid, Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }],
  });
const setUserPolicy = (world: World, sid: string) =>
  world.iam.send(
    new PutUserPolicyCommand({ UserName: own(world), PolicyName: 'inline', PolicyDocument: userPolicy(sid) }),
  );

const putUserPolicy: Scenario = {
  name: 'PutUserPolicy',
  failpoints: [...IDENTITY, ...RECORD],
  operation: 'PutUserPolicy',
  prepare: async (world) => {
    await makeUser(world);
    await setUserPolicy(world, 'old');
  },
  act: (world) => setUserPolicy(world, 'new'),
  state: async (world) => {
    const { PolicyDocument } = await world.iam.send(
      new GetUserPolicyCommand({ UserName: own(world), PolicyName: 'inline' }),
    );
    return either(decodeURIComponent(PolicyDocument!), userPolicy('old'), userPolicy('new'));
  },
};

export const configurationScenarios: readonly Scenario[] = [
  createBucket,
  deleteBucket,
  putBucketPolicy,
  deleteBucketPolicy,
  putBucketVersioning,
  createUser,
  deleteUser,
  createAccessKey,
  putUserPolicy,
];
