import { randomUUID } from 'node:crypto';
import { currentTraceparent, isTraceparent, observeCalls, withTraceparent } from '@coffer/bus';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const EXPORT_LIMIT_MS = 5_000;

let tracer: Tracer | undefined;

function contextOf(traceparent: string | undefined): Context {
  if (!isTraceparent(traceparent)) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '00'] = traceparent.split('-');
  const traceFlags = Number.parseInt(flags, 16) & 1;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString(16).padStart(2, '0')}`;
}

function failed(span: Span, error: unknown): void {
  // The code alone: a message may quote what a client sent.
  const code = (error as { code?: unknown } | undefined)?.code;
  span.setStatus({ code: SpanStatusCode.ERROR, ...(typeof code === 'string' ? { message: code } : {}) });
}

export interface TracingOptions {
  service: string;
  /** Base URL of an OTLP/HTTP collector; spans go to `<url>/v1/traces`. Without it no span is ever made. */
  url?: string;
}

/** Starts exporting spans. Returns the function that sends what is left and ends it. */
export function startTracing(options: TracingOptions): () => Promise<void> {
  if (options.url === undefined) return async () => undefined;
  const exporter = new OTLPTraceExporter({
    url: new URL('v1/traces', options.url.endsWith('/') ? options.url : `${options.url}/`).href,
    timeoutMillis: EXPORT_LIMIT_MS,
  });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': `coffer-${options.service}` }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const own = provider.getTracer('coffer');
  tracer = own;
  const stopObserving = observeCalls(({ side, contract, traceparent }) => {
    const kind = side === 'client' ? SpanKind.CLIENT : SpanKind.SERVER;
    const name = `${contract.service}.${contract.operation}`;
    const span = own.startSpan(name, { kind, attributes: { 'messaging.system': 'coffer' } }, contextOf(traceparent));
    return {
      traceparent: traceparentOf(span),
      end: (fault) => {
        if (fault) failed(span, fault);
        span.end();
      },
    };
  });
  return async () => {
    stopObserving();
    tracer = undefined;
    await provider.shutdown();
  };
}

/** Runs `work` as one span below the current trace; calls on the bus made inside carry it on. */
export async function withSpan<T>(
  name: string,
  work: () => Promise<T>,
  attributes: Record<string, string | number | boolean> = {},
): Promise<T> {
  if (!tracer) return await work();
  const span = tracer.startSpan(name, { attributes }, contextOf(currentTraceparent()));
  try {
    return await withTraceparent(traceparentOf(span), work);
  } catch (error) {
    failed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * Runs `work` in the trace that a client sent along, or in a new one when that is none. Works without an exporter
 * too: the trace id is in every log line and crosses the bus.
 */
export function withTrace<T>(incoming: string | undefined, work: () => T): T {
  if (isTraceparent(incoming)) return withTraceparent(incoming, work);
  const flags = tracer ? '01' : '00';
  // Node draws the randomness of many UUIDs at once: a draw for each id costs more than all else here.
  const traceId = hexOfUuid();
  return withTraceparent(`00-${traceId}-${hexOfUuid().slice(0, 16)}-${flags}`, work);
}

/** 32 hex digits, of which the version leaves none to chance and the variant two bits: never all zeros. */
function hexOfUuid(): string {
  return randomUUID().replaceAll('-', '');
}
