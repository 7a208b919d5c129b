import { compileJsonBodyReader, compileJsonReader, JsonShapeError, parseJson } from '../json/read.ts';
import { compileJsonBodyWriter, compileJsonWriter } from '../json/write.ts';
import { WireError } from '../wire-error.ts';
import type { BodyReader, BodyShape, BodyWriter } from './rest-types.ts';

const TYPE = 'application/json';

export function compileJsonRequestBody({ operation, payload, members }: BodyShape): BodyReader {
  const { api } = operation;
  const whole = payload ? compileJsonReader(payload.schema) : undefined;
  const some = compileJsonBodyReader(members);
  return (body, into) => {
    try {
      const json = parseJson(body);
      if (payload && whole) into[payload.name] = whole(json, payload.name);
      else some(json, into);
    } catch (error) {
      if (error instanceof JsonShapeError)
        throw new WireError('SerializationException', { message: error.message, api });
      throw error;
    }
  };
}

export function compileJsonResponseBody({ payload, members }: BodyShape): BodyWriter {
  if (!payload) {
    const write = compileJsonBodyWriter(members);
    return (output) => ({ type: TYPE, body: JSON.stringify(write(output)) });
  }
  const write = compileJsonWriter(payload.schema);
  return (output) => {
    const value = output[payload.name];
    return value == null ? undefined : { type: TYPE, body: JSON.stringify(write(value)) };
  };
}
