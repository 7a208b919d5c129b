import { factsOf, type Operation } from '../api.ts';
import type { OperationCodec } from '../codec-types.ts';
import { limits } from '../limits.ts';
import { parseParameters } from '../percent.ts';
import { FormError, formTree } from '../query/form.ts';
import { compileFormReader } from '../query/read.ts';
import { membersOf } from '../schema.ts';
import { WireError } from '../wire-error.ts';
import { escapeXml } from '../xml/escape.ts';
import { compileXmlBodyWriter, element } from '../xml/write.ts';
import { requestIdHeaders } from './request-ids.ts';

/** Compiles an operation of IAM or STS: a form in (or a query string), XML out. */
export function compileQuery(operation: Operation): OperationCodec {
  const { api, name, success } = operation;
  const read = compileFormReader(operation.input);
  const unit = operation.output.isUnitSchema();
  const write = compileXmlBodyWriter(membersOf(operation.output), { millis: 'when-needed' });
  const namespace = ` xmlns="${factsOf(api).xmlNamespace}"`;
  return {
    api,
    name,
    success,
    inputBody: 'whole',
    maxBody: limits.body,
    readInput(route, _headers, body) {
      const pairs = body && body.length > 0 ? parseParameters(body.toString('latin1')) : route.pairs;
      if (!pairs) throw new WireError('MalformedQueryString', { api });
      try {
        return read(formTree(pairs), '') as Record<string, unknown>;
      } catch (error) {
        if (error instanceof FormError) throw new WireError('ValidationError', { message: error.message, api });
        throw error;
      }
    },
    writeOutput(output, context) {
      const headers = requestIdHeaders(api, context);
      headers['Content-Type'] = 'text/xml';
      const result = unit ? '' : element(`${name}Result`, write(output));
      const metadata = element('ResponseMetadata', element('RequestId', escapeXml(context.requestId)));
      return { status: success, headers, body: element(`${name}Response`, result + metadata, namespace) };
    },
  };
}
