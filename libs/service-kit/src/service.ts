import type { BusTransport } from '@coffer/bus';
import type { ServiceName } from '@coffer/contracts';
import type { HealthCheck } from './health.ts';
import type { Logger } from './logger.ts';

/** What a service gets to start with, alone in its process or together with others. */
export interface ServiceContext {
  readonly env: NodeJS.ProcessEnv;
  readonly transport: BusTransport;
  readonly logger: Logger;
}

export interface RunningService {
  readonly name: string;
  readonly checks: readonly HealthCheck[];
  /** Stops taking work, finishes what is under way, gives back what it holds. The transport is closed afterwards. */
  stop(): Promise<void>;
}

/** Every app exports one. `start` resolves when the service takes messages. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  start(context: ServiceContext): Promise<RunningService>;
}
