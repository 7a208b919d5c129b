/**
 * Limits on what a client may send. Sizes are bytes unless the name says otherwise; values marked AWS are those that
 * the S3 developer guide states, the others bound the work that one request can cause.
 */
export const limits = {
  /** AWS: UTF-8 bytes of an object key. */
  key: 1024,
  /** AWS: sum of the UTF-8 bytes of names (without `x-amz-meta-`) and values of user metadata. */
  metadata: 2 * 1024,
  /** AWS: all request headers together, names and values. */
  headerSection: 8 * 1024,
  /** Body of an operation that is read as a whole. */
  body: 1024 * 1024,
  /** CompleteMultipartUpload with 10,000 parts and DeleteObjects with 1,000 long keys need more than the default. */
  largeBody: 4 * 1024 * 1024,
  /** Elements nested in each other in one XML document. */
  xmlDepth: 32,
  /** Elements in one XML document; 10,000 parts with every kind of checksum stay below it. */
  xmlElements: 150_000,
  /** Attributes of one XML element, namespace declarations included. */
  xmlAttributes: 16,
  /** Parameters of one query string or form body. */
  parameters: 10_000,
  /** Dots in one form parameter name, and so the depth of what is read from it. */
  formDepth: 32,
  /** Nesting of a JSON body. */
  jsonDepth: 32,
} as const;
