import type { Operation } from '../api.ts';
import type { OperationCodec } from '../codec-types.ts';
import { compileJsonBodyReader, JsonShapeError, parseJson } from '../json/read.ts';
import { compileJsonBodyWriter } from '../json/write.ts';
import { limits } from '../limits.ts';
import { membersOf } from '../schema.ts';
import { WireError } from '../wire-error.ts';
import { requestIdHeaders } from './request-ids.ts';

/** Compiles an operation of the JSON 1.1 APIs: one JSON structure in, one out. */
export function compileJsonRpc(operation: Operation): OperationCodec {
  const { api, name, success } = operation;
  const members = membersOf(operation.input);
  const required = members.filter((m) => m.required).map((m) => m.name);
  const read = compileJsonBodyReader(members);
  const write = compileJsonBodyWriter(membersOf(operation.output));
  const unit = operation.output.isUnitSchema();
  return {
    api,
    name,
    success,
    inputBody: 'whole',
    maxBody: limits.body,
    readInput(_route, _headers, body) {
      const input: Record<string, unknown> = {};
      try {
        read(parseJson(body), input);
      } catch (error) {
        if (error instanceof JsonShapeError)
          throw new WireError('SerializationException', { message: error.message, api });
        throw error;
      }
      const missing = required.find((member) => input[member] === undefined);
      if (missing) throw missingMember(api, missing);
      return input;
    },
    writeOutput(output, context) {
      const headers = requestIdHeaders(api, context);
      headers['Content-Type'] = 'application/x-amz-json-1.1';
      return { status: success, headers, body: unit ? '' : JSON.stringify(write(output)) };
    },
  };
}

/** AWS's words for a required member that is absent. */
export function missingMember(api: Operation['api'], member: string): WireError {
  const path = member.charAt(0).toLowerCase() + member.slice(1);
  return new WireError('ValidationException', {
    message: `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
    api,
  });
}
