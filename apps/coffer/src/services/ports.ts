import { createServer, type AddressInfo } from 'node:net';
import { UserError } from '../user-error.ts';

function tryPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken));
    });
  });
}

/** A port of 127.0.0.1 that nobody uses now. */
export function freePort(): Promise<number> {
  return tryPort('127.0.0.1', 0);
}

/** @throws UserError where several programs cannot listen on one port */
export function assertCanShare(option: string): void {
  if (process.platform === 'linux') return;
  throw new UserError(`Only Linux shares the connections of one port among programs; leave ${option} out.`);
}

/**
 * Looks before anything is started whether the port can be had.
 *
 * @throws UserError in one sentence
 */
export async function assertPortFree(host: string, port: number, option: string): Promise<void> {
  try {
    await tryPort(host, port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(portProblem(code, host, port, option));
  }
}

function portProblem(code: string | undefined, host: string, port: number, option: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use by another program; choose another with ${option}.`;
    case 'EACCES':
    case 'EPERM':
      return `This user may not listen on port ${port}; choose one from 1024 up with ${option}.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `This machine has no address ${host}; choose another with --host.`;
    default:
      return `Port ${port} on ${host} cannot be had (${code ?? 'unknown reason'}); choose another with ${option}.`;
  }
}
