import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentTraceparent } from '@coffer/bus';
import { Fault, isFault, s3Error, type RequestRecord } from '@coffer/contracts';
import {
  codecFor,
  factsOf,
  limits,
  resolveQuery,
  route as findRoute,
  WireError,
  writeError,
  type Api,
  type Route,
} from '@coffer/aws-wire';
import { checkStreamingOperation, SignatureError } from '@coffer/sigv4';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { authenticate, type Authenticated } from './authenticate/authenticate.ts';
import { preflight } from './cors/preflight.ts';
import { responseCors } from './cors/response-headers.ts';
import type { Answer } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import type { Place } from './listen/admission.ts';
import { readHead, type Incoming } from './listen/incoming.ts';
import type { ProxyTrust } from './listen/trusted-proxies.ts';
import { findOperation } from './operations/index.ts';
import { DecidedExchange } from './perform/exchange.ts';
import { Trail } from './record/trail.ts';
import { renderError } from './respond/errors.ts';
import { mergeHeaders, respond, type Reply } from './respond/respond.ts';
import { SignOfLife } from './respond/whitespace.ts';
import { readWhole, requireIntegrity, verifyWhole } from './route/body.ts';
import { claimedService } from './route/credential.ts';
import type { Bucket } from './route/contexts.ts';
import { checkExpectedOwner, checkRegion } from './route/owner.ts';
import { noParts } from './bytes/multipart-complete.ts';
import { checkVersionId } from './route/version-id.ts';

registerFailpoints('gateway.record.before-answer', 'gateway.record.before-final');

/** A request on its way: what the stages have found out so far, for the answer and the record. */
interface Passage {
  api: Api;
  route?: Route;
  bucket?: Bucket;
  exchange?: DecidedExchange;
}

/**
 * The way of every request, top to bottom: listen → route → authenticate → authorize → perform → record → respond.
 * Every request that gets here leaves exactly one record, whatever becomes of it.
 */
export async function serve(
  gateway: Gateway,
  trust: ProxyTrust,
  message: IncomingMessage,
  response: ServerResponse,
  entry: { readonly expectsContinue: boolean; readonly place: Place },
): Promise<void> {
  const incoming = readHead(message, response, trust, entry.expectsContinue);
  const trail = new Trail(
    incoming,
    gateway.name,
    gateway.config.COFFER_REGIONS[0] as string,
    currentTraceparent()?.split('-')[1],
  );
  const passage: Passage = { api: 's3' };
  let reply: Reply;
  let answer: Answer | undefined;
  try {
    const life = new SignOfLife(response, ids(gateway, incoming), () =>
      gateway.recorder.write(trail.record('open', { status: 200 })),
    );
    answer = await perform(gateway, incoming, trail, passage, life);
    reply = render(gateway, incoming, passage, answer);
  } catch (error) {
    passage.bucket = await bucketOfRefusal(gateway, incoming, passage);
    reply = renderFailure(gateway, incoming, passage, trail, error);
  }
  if (answer?.facts) trail.add(answer.facts);
  if (answer && isLong(answer)) entry.place.transfers();
  await recordAndRespond(gateway, incoming, response, trail, passage, answer, reply);
}

/** A body that goes out at its client's pace. */
function isLong({ stream, brief }: Answer): boolean {
  return stream !== undefined && !brief;
}

/** Everything up to the operation's own answer. */
async function perform(
  gateway: Gateway,
  incoming: Incoming,
  trail: Trail,
  passage: Passage,
  life: SignOfLife,
): Promise<Answer> {
  const hosts = gateway.config.COFFER_VIRTUAL_HOSTS;
  const service = claimedService(incoming);
  let route = findRoute(incoming, { hosts, ...(service ? { credentialService: service } : {}) });
  passage.api = route.api;
  passage.route = route;
  trail.routed(route);
  if (route.isPreflight) return preflight(gateway, incoming, route);

  checkVersionId(route);

  // The clients of all APIs but S3 say nothing of their body in a header: it is read before its signature is checked.
  const ofS3 = factsOf(route.api).signingName === 's3';
  if (!ofS3 && service === undefined) throw missingToken();
  const whole = ofS3 ? undefined : await readWhole(incoming, limits.body, gateway.bodies);
  if (whole && factsOf(route.api).protocol === 'query') {
    route = resolveQuery(route, whole, true);
    passage.api = route.api;
    passage.route = route;
    trail.routed(route);
  }

  const identify = (expectedRegion?: string) =>
    authenticate(
      {
        incoming,
        api: route.api,
        expectedRegion,
        virtualHostBucket: route.virtualHost ? route.bucket : undefined,
        bodySha256: whole && createHash('sha256').update(whole).digest('hex'),
      },
      { regions: gateway.config.COFFER_REGIONS, principals: gateway.principals },
    );
  const authenticated = await identify().catch(async (error: unknown) => {
    const region = await expectedRegion(gateway, route, error);
    if (region === undefined) throw error;
    return await identify(region);
  });
  trail.identified(authenticated);
  const request = withQueryHeaders(incoming, authenticated);
  if (request !== incoming) {
    // Which operation it is may depend on a header that came in the query, such as the source of a copy.
    route = findRoute(request, { hosts, ...(service ? { credentialService: service } : {}) });
    passage.route = route;
    trail.routed(route);
  }
  const operation = findOperation(route.api, route.operation);
  if (!operation) throw s3Error('NotImplemented', {}, { message: `${route.operation} is not implemented.` });
  const bucket =
    operation.bucket === 'existing' ? await existingBucket(gateway, request, route, authenticated) : undefined;
  if (bucket) {
    passage.bucket = bucket;
    trail.within(bucket.context);
  }

  const { payload } = authenticated.auth;
  checkStreamingOperation(payload, route.operation);
  const exchange = new DecidedExchange({
    gateway,
    incoming: request,
    route,
    operation,
    authenticated,
    identifyAgain: () => identify(),
    bucket,
    trail,
  });
  passage.exchange = exchange;
  const codec = codecFor(route.api, route.operation);
  if (whole) {
    exchange.input = codec.readInput(route, request.headers, whole);
    await exchange.authorize();
  } else if (codec.inputBody !== 'whole') {
    exchange.input = codec.readInput(route, request.headers, undefined);
    await exchange.authorize();
  } else {
    // Nobody sends megabytes to be told no: what can be decided without the body is decided before it.
    if (!operation.needsBody) await exchange.authorize();
    if (authenticated.auth.kind === 'anonymous' && !bucket?.policy) throw s3Error('AccessDenied');
    if (route.operation === 'DeleteObjects') requireIntegrity(request);
    const body = await readWhole(request, codec.maxBody, gateway.bodies);
    // The checksum of a completion is that of the whole object, not of the list of its parts.
    const counted = route.operation !== 'CompleteMultipartUpload';
    if (!counted && body.length === 0) throw noParts();
    await verifyWhole(request, payload, body, counted);
    exchange.input = codec.readInput(route, request.headers, body);
    if (operation.needsBody) await exchange.authorize();
  }
  const answer = await life.during(operation.name, () => operation.perform(exchange, gateway));
  if (exchange.hasBucket()) passage.bucket = exchange.bucket();
  return answer;
}

/**
 * The region to name to a client that signed for one not served here: that of its bucket, if there is such a bucket.
 * SDKs sign again only once, so they must not be sent to the default region first.
 */
async function expectedRegion(gateway: Gateway, route: Route, error: unknown): Promise<string | undefined> {
  if (!(error instanceof SignatureError) || error.extras['Region'] === undefined || !route.bucket) return undefined;
  const bucket = await gateway.contexts.get(route.bucket).catch(() => undefined);
  return bucket?.context.region;
}

async function existingBucket(
  gateway: Gateway,
  incoming: Incoming,
  route: Route,
  { auth }: Authenticated,
): Promise<Bucket> {
  const bucket = await gateway.contexts.get(route.bucket ?? '').catch((error: unknown) => {
    if (isFault(error, 'InvalidMessage')) throw s3Error('NoSuchBucket', { BucketName: route.bucket ?? '' });
    throw error;
  });
  checkRegion(auth, bucket.context);
  checkExpectedOwner(incoming, 'x-amz-expected-bucket-owner', bucket.context);
  return bucket;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Signers of presigned URLs move headers into the query; from here on they are headers like any other, and so must be
 * what a header can be: Node gives the bytes of one as latin1 text.
 */
function withQueryHeaders(incoming: Incoming, { auth }: Authenticated): Incoming {
  if (!('queryHeaders' in auth) || auth.queryHeaders.size === 0) return incoming;
  const headers: Record<string, string> = {};
  for (const [name, value] of auth.queryHeaders) {
    // What a signer counted before the body was known: S3 ignores checksums in the query.
    if (name.startsWith('x-amz-checksum-') || name === 'x-amz-sdk-checksum-algorithm') continue;
    if (!TOKEN.test(name) || CONTROL.test(value)) {
      throw s3Error(
        'InvalidArgument',
        { ArgumentName: name.slice(0, 256) },
        { message: 'This parameter cannot stand for a header.' },
      );
    }
    headers[name] = Buffer.from(value, 'utf8').toString('latin1');
  }
  return { ...incoming, headers: { ...headers, ...incoming.headers } };
}

function missingToken(): Error {
  return new Fault('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 });
}

function render(gateway: Gateway, incoming: Incoming, passage: Passage, answer: Answer): Reply {
  const { route } = passage;
  const cors = responseCors(incoming, passage.bucket);
  if (!route || route.isPreflight) {
    return { status: 200, headers: Object.entries({ ...ids(gateway, incoming), ...answer.headers }) };
  }
  const wire = codecFor(route.api, route.operation).writeOutput(answer.output, context(gateway, incoming));
  return {
    status: answer.status ?? wire.status,
    headers: mergeHeaders(wire.headers, answer.headers ?? {}, cors),
    body: answer.bytes ?? wire.body,
    stream: answer.stream,
    length: answer.length,
  };
}

/**
 * The bucket by whose rules a browser may see why it was refused. A refusal need not have been preceded by a call to the
 * owner that would notice an old configuration, so a request from another origin asks for the newest. Where the owner does
 * not answer, what is known has to do.
 */
async function bucketOfRefusal(gateway: Gateway, incoming: Incoming, passage: Passage): Promise<Bucket | undefined> {
  const { exchange, route } = passage;
  const name = route?.bucket;
  const decided = exchange?.hasBucket() ? exchange.bucket() : passage.bucket;
  const known = decided ?? (name ? gateway.contexts.cached(name) : undefined);
  if (!name || route.isPreflight || incoming.headers.origin === undefined) return known;
  return await gateway.contexts.notBefore(name, incoming.started).catch(() => known);
}

function renderFailure(gateway: Gateway, incoming: Incoming, passage: Passage, trail: Trail, error: unknown): Reply {
  const api = passage.route ? passage.api : error instanceof WireError ? error.api : passage.api;
  const rendered = renderError(error, api);
  if (incoming.gone.aborted) trail.add({ interrupted: true });
  else if (rendered.unexpected) {
    gateway.log.error({ err: error, requestId: incoming.id, operation: passage.route?.operation }, 'a request failed');
  }
  trail.add({ status: rendered.status, ...(rendered.status === 304 ? {} : { errorCode: rendered.code }) });
  const path = incoming.target.split('?', 1)[0] as string;
  const wire = writeError(api, rendered, {
    ...context(gateway, incoming),
    resource: path.slice(0, 2048),
    isHead: incoming.method === 'HEAD',
  });
  const { bucket } = passage;
  // Some SDKs sign again by what this header says, others by what the error says.
  const right = passage.route?.operation === 'HeadBucket' ? bucket?.context.region : rendered.extras?.['Region'];
  const region: Record<string, string> = right === undefined ? {} : { 'x-amz-bucket-region': right };
  return {
    status: wire.status,
    headers: mergeHeaders(wire.headers, region, responseCors(incoming, bucket)),
    body: wire.body,
  };
}

/**
 * Record, then answer. A mutation's draft lies beside the change already, so its final values may follow; a read is on
 * record before its first byte, whole when it is brief, opened and later closed when it is long.
 */
async function recordAndRespond(
  gateway: Gateway,
  incoming: Incoming,
  response: ServerResponse,
  trail: Trail,
  passage: Passage,
  answer: Answer | undefined,
  reply: Reply,
): Promise<void> {
  const drafted = answer !== undefined && passage.exchange?.drafted === true;
  const long = answer !== undefined && isLong(answer);
  const turnAroundMs = performance.now() - incoming.started;
  const planned: Partial<RequestRecord> = {
    status: reply.status,
    turnAroundMs,
    bytesSent: reply.stream ? (reply.length ?? 0) : reply.body === undefined ? 0 : Buffer.byteLength(reply.body),
  };
  if (!drafted) {
    const early = long
      ? trail.record('open', { status: reply.status, turnAroundMs })
      : trail.record('closed', { ...planned, totalMs: turnAroundMs });
    try {
      await gateway.recorder.write(early);
    } catch (error) {
      reply.stream?.destroy();
      const refusal = renderFailure(gateway, incoming, passage, trail, error);
      const sent = await respond(incoming, response, refusal);
      // The first record may have been stored all the same, its reply lost: what was really answered comes after it.
      gateway.recorder.later(
        trail.record('corrected', { status: refusal.status, bytesSent: sent.bytes, turnAroundMs }),
      );
      return;
    }
  }
  if (!drafted) failpoint('gateway.record.before-answer');
  const sent = await respond(incoming, response, reply);
  failpoint('gateway.record.before-final');
  if (drafted || long || sent.interrupted) {
    gateway.recorder.later(
      trail.record('closed', {
        ...planned,
        bytesSent: sent.bytes,
        totalMs: performance.now() - incoming.started,
        ...(sent.interrupted ? { interrupted: true } : {}),
      }),
    );
  }
}

function context(gateway: Gateway, incoming: Incoming): { requestId: string; hostId: string } {
  return { requestId: incoming.id, hostId: gateway.name };
}

function ids(gateway: Gateway, incoming: Incoming): Record<string, string> {
  return { 'x-amz-request-id': incoming.id, 'x-amz-id-2': gateway.name };
}
