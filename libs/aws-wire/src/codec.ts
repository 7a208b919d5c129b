import { factsOf, operations, type Api, type Operation } from './api.ts';
import { compileJsonRpc } from './protocols/json-rpc.ts';
import { compileQuery } from './protocols/query.ts';
import { compileRest } from './protocols/rest.ts';
import { postObject } from './protocols/post-object.ts';
import type { OperationCodec } from './codec-types.ts';

const codecs = new Map<string, OperationCodec>();

function compile(operation: Operation): OperationCodec {
  switch (factsOf(operation.api).protocol) {
    case 'rest-xml':
    case 'rest-json':
      return compileRest(operation);
    case 'json-1.1':
      return compileJsonRpc(operation);
    case 'query':
      return compileQuery(operation);
  }
}

/** The codec of an operation by AWS's name. Throws RangeError for a name that the API does not have. */
export function codecFor(api: Api, operation: string): OperationCodec {
  const id = `${api}.${operation}`;
  const known = codecs.get(id);
  if (known) return known;
  const found = operations(api).get(operation);
  if (!found && id !== 's3.PostObject') throw new RangeError(`${api} has no operation ${operation}`);
  const codec = found ? compile(found) : postObject;
  codecs.set(id, codec);
  return codec;
}
