import { factsOf, type Operation } from '../api.ts';
import type { OperationCodec, WireResponse } from '../codec-types.ts';
import { limits } from '../limits.ts';
import { compileBinders } from '../rest/bind-input.ts';
import { compileHeaderWriters, type HeaderBag } from '../rest/bind-output.ts';
import { inBody, type Member, membersOf } from '../schema.ts';
import { WireError } from '../wire-error.ts';
import { compileJsonRequestBody, compileJsonResponseBody } from './rest-json-body.ts';
import { compileXmlRequestBody, compileXmlResponseBody } from './rest-xml-body.ts';
import { requestIdHeaders } from './request-ids.ts';
import type { BodyReader, BodyShape, BodyWriter } from './rest-types.ts';

const isStream = (member: Member | undefined): boolean => Boolean(member?.schema.isStreaming());

/** Bodies that legitimately outgrow the default. */
const LARGE = new Set(['s3.CompleteMultipartUpload', 's3.DeleteObjects']);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readRawPayload(payload: Member, operation: Operation): BodyReader {
  if (payload.schema.isBlobSchema()) return (body, into) => void (into[payload.name] = new Uint8Array(body));
  return (body, into) => {
    try {
      into[payload.name] = utf8.decode(body);
    } catch {
      throw new WireError('InvalidRequest', { message: 'The request body is not valid UTF-8', api: operation.api });
    }
  };
}

function writeRawPayload(payload: Member): BodyWriter {
  const text = !payload.schema.isBlobSchema();
  // Bucket policies are the string payload that S3 has, and it serves them as JSON.
  const type = text ? (payload.name === 'Policy' ? 'application/json' : 'text/plain') : 'application/octet-stream';
  return (output) => {
    const value = output[payload.name];
    if (value == null) return undefined;
    return { type, body: text ? (value as string) : Buffer.from(value as Uint8Array) };
  };
}

const isScalar = (member: Member): boolean => member.schema.isStringSchema() || member.schema.isBlobSchema();

function compileReader(shape: BodyShape): BodyReader | undefined {
  if (shape.payload && isScalar(shape.payload)) return readRawPayload(shape.payload, shape.operation);
  if (!shape.payload && shape.members.length === 0) return undefined;
  return factsOf(shape.operation.api).protocol === 'rest-xml'
    ? compileXmlRequestBody(shape)
    : compileJsonRequestBody(shape);
}

function compileWriter(shape: BodyShape): BodyWriter | undefined {
  if (shape.payload && isScalar(shape.payload)) return writeRawPayload(shape.payload);
  if (!shape.payload && shape.members.length === 0) return undefined;
  return factsOf(shape.operation.api).protocol === 'rest-xml'
    ? compileXmlResponseBody(shape)
    : compileJsonResponseBody(shape);
}

/** Compiles an operation of the REST protocols. */
export function compileRest(operation: Operation): OperationCodec {
  const { api, name, success } = operation;
  const inputs = membersOf(operation.input);
  const outputs = membersOf(operation.output);
  const payload = inputs.find((m) => m.traits.httpPayload);
  const answer = outputs.find((m) => m.traits.httpPayload);
  const streamsIn = isStream(payload);
  const streamsOut = isStream(answer);
  const bind = compileBinders(inputs, api);
  const read = streamsIn ? undefined : compileReader({ operation, payload, members: inputs.filter(inBody) });
  const bodyRequired = payload ? payload.required : inputs.some((m) => inBody(m) && m.required);
  const putHeaders = compileHeaderWriters(outputs);
  const write = streamsOut ? undefined : compileWriter({ operation, payload: answer, members: outputs.filter(inBody) });
  const statusMember = outputs.find((m) => m.traits.httpResponseCode)?.name;

  const readInput: OperationCodec['readInput'] = (route, headers, body) => {
    const input: Record<string, unknown> = {};
    for (const put of bind) put(route, headers, input);
    if (!read) return input;
    if (body && body.length > 0) read(body, input);
    else if (bodyRequired && payload && isScalar(payload))
      input[payload.name] = payload.schema.isStringSchema() ? '' : new Uint8Array();
    else if (bodyRequired) throw new WireError('MissingRequestBodyError', { api });
    return input;
  };

  const writeOutput: OperationCodec['writeOutput'] = (output, context): WireResponse => {
    const headers: HeaderBag = requestIdHeaders(api, context);
    for (const put of putHeaders) put(output, headers);
    const status = statusMember === undefined ? success : ((output[statusMember] as number | undefined) ?? success);
    const written = write?.(output);
    if (!written) return { status, headers };
    headers['Content-Type'] ??= written.type;
    return { status, headers, body: written.body };
  };

  return {
    api,
    name,
    success,
    inputBody: streamsIn ? 'streaming' : read ? 'whole' : 'none',
    ...(streamsIn && payload ? { inputStream: payload.name } : {}),
    ...(streamsOut && answer ? { outputStream: answer.name } : {}),
    maxBody: read ? (LARGE.has(`${api}.${name}`) ? limits.largeBody : limits.body) : 0,
    readInput,
    writeOutput,
  };
}
