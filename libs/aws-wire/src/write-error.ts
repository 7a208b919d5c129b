import { factsOf, type Api } from './api.ts';
import type { WireResponse } from './codec-types.ts';
import { requestIdHeaders } from './protocols/request-ids.ts';
import type { HeaderBag } from './rest/bind-output.ts';
import { sentText } from './rest/header-text.ts';
import { escapeXml } from './xml/escape.ts';
import { element, XML_DECLARATION } from './xml/write.ts';

/** An error to answer with: AWS's code, a message that is safe to show, and the HTTP status. */
export interface WireErrorResponse {
  readonly code: string;
  readonly message: string;
  readonly status: number;
  /** Further elements (or JSON members) that clients read, by AWS's names: `BucketName`, `ArgumentName`, … */
  readonly extras?: Readonly<Record<string, string>>;
  /** Further headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ErrorContext {
  readonly requestId: string;
  readonly hostId?: string;
  /** Path of what the request was for; S3 shows it as `Resource`. */
  readonly resource?: string;
  /** HEAD responses have no body. */
  readonly isHead?: boolean;
}

const ELEMENT_NAME = /^[A-Za-z][\w.-]*$/;

function xmlFields(error: WireErrorResponse): string {
  let text = element('Code', escapeXml(error.code)) + element('Message', escapeXml(error.message));
  for (const [name, value] of Object.entries(error.extras ?? {})) {
    if (ELEMENT_NAME.test(name)) text += element(name, escapeXml(value));
  }
  return text;
}

function s3Body(error: WireErrorResponse, context: ErrorContext): string {
  const resource = context.resource === undefined ? '' : element('Resource', escapeXml(context.resource));
  return XML_DECLARATION + element('Error', xmlFields(error) + resource + ids(context));
}

function ids(context: ErrorContext): string {
  const host = context.hostId === undefined ? '' : element('HostId', escapeXml(context.hostId));
  return element('RequestId', escapeXml(context.requestId)) + host;
}

function body(api: Api, error: WireErrorResponse, context: ErrorContext): { type: string; text: string } {
  const client = error.status < 500;
  switch (factsOf(api).protocol) {
    case 'rest-xml': {
      if (api === 's3') return { type: 'application/xml', text: s3Body(error, context) };
      const inner = element('Error', xmlFields(error));
      return { type: 'application/xml', text: XML_DECLARATION + element('ErrorResponse', inner + ids(context)) };
    }
    case 'query': {
      const type = element('Type', client ? 'Sender' : 'Receiver');
      const inner = element('Error', type + xmlFields(error));
      const namespace = ` xmlns="${factsOf(api).xmlNamespace}"`;
      return {
        type: 'text/xml',
        text: element('ErrorResponse', inner + ids({ requestId: context.requestId }), namespace),
      };
    }
    case 'json-1.1': {
      // AccessDeniedException alone spells its message with a capital.
      const spelled = error.code === 'AccessDeniedException' ? 'Message' : 'message';
      const json = { ...error.extras, __type: error.code, [spelled]: error.message };
      return { type: 'application/x-amz-json-1.1', text: JSON.stringify(json) };
    }
    case 'rest-json': {
      const json = { ...error.extras, code: error.code, message: error.message, type: client ? 'Client' : 'Server' };
      return { type: 'application/json', text: JSON.stringify(json) };
    }
  }
}

/** Writes an error the way the API's clients read it. HEAD, 204 and 304 answers have no body. */
export function writeError(api: Api, error: WireErrorResponse, context: ErrorContext): WireResponse {
  const headers: HeaderBag = requestIdHeaders(api, {
    requestId: context.requestId,
    ...(context.hostId === undefined ? {} : { hostId: context.hostId }),
  });
  if (factsOf(api).protocol === 'rest-json') headers['x-amzn-ErrorType'] = sentText(error.code);
  for (const [name, value] of Object.entries(error.headers ?? {})) headers[name] = sentText(value);
  if (error.status === 304 || error.status === 204) return { status: error.status, headers };
  const { type, text } = body(api, error, context);
  headers['Content-Type'] = type;
  return context.isHead ? { status: error.status, headers } : { status: error.status, headers, body: text };
}
