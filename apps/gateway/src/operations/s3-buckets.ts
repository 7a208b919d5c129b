import type { Answer, Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { forward } from '../perform/forward.ts';
import { bucketArn, onBucket, type Operation } from './operation.ts';

function read(name: string, needs: Operation['needs']): Operation {
  return { api: 's3', name, mutates: false, bucket: 'existing', needs, perform: forward(name, false) };
}

function change(name: string, needs: Operation['needs']): Operation {
  return { api: 's3', name, mutates: true, bucket: 'existing', needs, perform: forward(name, true) };
}

const create = forward('CreateBucket', true);
const remove = forward('DeleteBucket', true);

/** Buckets and their configuration: AWS's name, and the permission it takes. */
export const bucketOperations: readonly Operation[] = [
  {
    api: 's3',
    name: 'ListBuckets',
    mutates: false,
    bucket: 'none',
    needs: () => [{ action: 's3:ListAllMyBuckets', resource: 'arn:aws:s3:::*' }],
    perform: forward('ListBuckets', false),
  },
  {
    api: 's3',
    name: 'CreateBucket',
    mutates: true,
    bucket: 'none',
    needs: ({ route, input }) => {
      const constraint = (input['CreateBucketConfiguration'] as { LocationConstraint?: string } | undefined)
        ?.LocationConstraint;
      return [
        {
          action: 's3:CreateBucket',
          resource: bucketArn(route.bucket ?? ''),
          ...(constraint === undefined ? {} : { extra: new Map([['s3:locationconstraint', constraint]]) }),
        },
      ];
    },
    needsBody: true,
    perform: create,
  },
  { ...change('DeleteBucket', onBucket('s3:DeleteBucket')), perform: deleteBucket },
  read('HeadBucket', onBucket('s3:ListBucket')),
  read('GetBucketLocation', onBucket('s3:GetBucketLocation')),
  read('GetBucketVersioning', onBucket('s3:GetBucketVersioning')),
  change('PutBucketVersioning', onBucket('s3:PutBucketVersioning')),
  read('GetBucketPolicy', onBucket('s3:GetBucketPolicy')),
  change('PutBucketPolicy', onBucket('s3:PutBucketPolicy')),
  change('DeleteBucketPolicy', onBucket('s3:DeleteBucketPolicy')),
  read('GetPublicAccessBlock', onBucket('s3:GetBucketPublicAccessBlock')),
  change('PutPublicAccessBlock', onBucket('s3:PutBucketPublicAccessBlock')),
  change('DeletePublicAccessBlock', onBucket('s3:PutBucketPublicAccessBlock')),
  read('GetBucketCors', onBucket('s3:GetBucketCORS')),
  change('PutBucketCors', onBucket('s3:PutBucketCORS')),
  change('DeleteBucketCors', onBucket('s3:PutBucketCORS')),
  read('ListObjects', onBucket('s3:ListBucket')),
  read('ListObjectsV2', onBucket('s3:ListBucket')),
  read('ListObjectVersions', onBucket('s3:ListBucketVersions')),
  read('ListMultipartUploads', onBucket('s3:ListBucketMultipartUploads')),
];

async function deleteBucket(exchange: Exchange, gateway: Gateway): Promise<Answer> {
  const answer = await remove(exchange, gateway);
  gateway.contexts.forget(exchange.route.bucket ?? '');
  return answer;
}
