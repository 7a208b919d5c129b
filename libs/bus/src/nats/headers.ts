/** Headers of a request on NATS. */
export const headerNames = {
  /** Milliseconds until the caller stops waiting. */
  timeout: 'coffer-timeout',
  /** W3C trace context. */
  traceparent: 'traceparent',
  /** Comma-separated members of the message that the receiver must know. */
  must: 'coffer-must',
  /** Present when the payload is a batch. */
  batch: 'coffer-batch',
} as const;
