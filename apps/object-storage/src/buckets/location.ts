import { s3Error } from '@coffer/contracts';

const LEGACY_REGION = 'us-east-1';

/**
 * The region of a new bucket, from the region the request was signed for and its location constraint.
 * Without a constraint only us-east-1 makes buckets; its endpoint may make them anywhere, others only at home.
 */
export function regionOf(signedFor: string, constraint: string | undefined, regions: readonly string[]): string {
  if (constraint === undefined || constraint === '') {
    if (signedFor === LEGACY_REGION) return LEGACY_REGION;
    throw illegal('unspecified');
  }
  if (constraint === LEGACY_REGION) throw s3Error('InvalidLocationConstraint', { LocationConstraint: constraint });
  const region = constraint === 'EU' ? 'eu-west-1' : constraint;
  if (!regions.includes(region)) throw s3Error('InvalidLocationConstraint', { LocationConstraint: constraint });
  if (signedFor !== LEGACY_REGION && signedFor !== region) throw illegal(constraint);
  return region;
}

function illegal(constraint: string): Error {
  return s3Error(
    'IllegalLocationConstraintException',
    {},
    {
      message: `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    },
  );
}

/** What GetBucketLocation says: nothing for us-east-1. */
export function constraintOf(region: string): string | undefined {
  return region === LEGACY_REGION ? undefined : region;
}
