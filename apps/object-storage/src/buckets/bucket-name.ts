const SHAPE = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ADDRESS = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const RESERVED_STARTS = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const RESERVED_ENDS = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/** AWS's rules for names of general purpose buckets (S3 User Guide, "General purpose bucket naming rules"). */
export function isBucketName(name: string): boolean {
  return (
    SHAPE.test(name) &&
    !name.includes('..') &&
    !ADDRESS.test(name) &&
    !RESERVED_STARTS.some((start) => name.startsWith(start)) &&
    !RESERVED_ENDS.some((end) => name.endsWith(end))
  );
}
