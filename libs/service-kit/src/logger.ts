import { currentTraceparent } from '@coffer/bus';
import { pino, type Bindings, type DestinationStream, type Logger } from 'pino';
import { redact, redactText } from './redact.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  service: string;
  /** `fatal`, `error`, `warn`, `info` (the default), `debug`, `trace` or `silent`. */
  level?: string;
  /** Standard output when absent. */
  destination?: DestinationStream;
}

function traceId(): object {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? {} : { traceId: traceparent.slice(3, 35) };
}

/** One JSON object per line. Everything that is logged passes through `redact`, bindings of child loggers too. */
export function createLogger(options: LoggerOptions): Logger {
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: traceId,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (value: unknown) => value },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args as unknown[];
          const clean = rest.map((each) => redact(each));
          if (first instanceof Error) {
            const message = clean.length > 0 ? clean : [redactText(first.message)];
            Reflect.apply(method, this, [{ err: redact(first) }, ...message]);
          } else Reflect.apply(method, this, [redact(first), ...clean]);
        },
      },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
  return withCleanChildren(logger);
}

/** pino runs neither hooks nor formatters over the bindings of a child. Children inherit this from their parent. */
function withCleanChildren(logger: Logger): Logger {
  const original = logger.child as unknown as (this: Logger, bindings: Bindings, options?: object) => Logger;
  logger.child = function child(this: Logger, bindings: Bindings, options?: object) {
    return original.call(this, { ...(redact(bindings) as Bindings) }, options);
  } as unknown as Logger['child'];
  return logger;
}
