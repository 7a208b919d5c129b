import { isFault } from '@coffer/contracts';
import { ConfigError } from '@coffer/service-kit';
import { UserError } from '../user-error.ts';

/** What is said on standard error; a stack trace only where the fault is in Coffer itself and the log asks for it. */
export function sentenceOf(error: unknown): string {
  if (error instanceof UserError || error instanceof ConfigError) return error.message;
  if (isFault(error)) return `Coffer answered ${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'Something went wrong that has no name.';
  const { code, syscall, path, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port ?? ''} is in use by another program; choose another with --port or --https-port.`;
  if ((code === 'EACCES' || code === 'EPERM') && path)
    return `${path} cannot be used by this user (${syscall ?? code}).`;
  if (code === 'ENOSPC') return 'The disk is full.';
  return process.env['COFFER_LOG_LEVEL'] === 'debug' ? (error.stack ?? error.message) : error.message;
}
