import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.ts';

function contextOf(rest: readonly unknown[]): object {
  const last = rest.at(-1);
  return typeof last === 'string' ? { context: last } : {};
}

/** Nest's messages in the service's own log. What Nest calls `log` is its start-up chatter, hence `debug`. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown, ...rest: unknown[]) => logger.debug(contextOf(rest), String(message)),
    warn: (message: unknown, ...rest: unknown[]) => logger.warn(contextOf(rest), String(message)),
    error: (message: unknown, ...rest: unknown[]) =>
      message instanceof Error
        ? logger.error({ ...contextOf(rest), err: message }, message.message)
        : logger.error(contextOf(rest), String(message)),
    fatal: (message: unknown, ...rest: unknown[]) => logger.fatal(contextOf(rest), String(message)),
    debug: (message: unknown, ...rest: unknown[]) => logger.debug(contextOf(rest), String(message)),
    verbose: (message: unknown, ...rest: unknown[]) => logger.trace(contextOf(rest), String(message)),
  };
}
