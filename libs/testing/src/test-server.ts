import type { ServerProcess } from './server-process.ts';

/** A server that a test may also kill and start again: port and data stay. */
export interface TestServer {
  readonly port: number;
  /** Undefined while it is down, and for a container. */
  readonly pid: number | undefined;
  /** Ends the server by SIGKILL. */
  kill(): Promise<void>;
  /** Ends the server in good order, its data stays. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/** The handles of a server that runs as a child process. */
export function handles(server: ServerProcess, port: number, folder: { remove(): Promise<void> }): TestServer {
  return {
    port,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    down: () => server.stop(),
    up: () => server.start(),
    stop: async () => {
      await server.stop();
      await folder.remove();
    },
  };
}
