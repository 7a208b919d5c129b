import 'reflect-metadata';
import type { BusTransport, Registration } from '@coffer/bus';
import type { DynamicModule, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { Logger } from './logger.ts';
import { nestLogger } from './nest-logger.ts';

/** Starts a service's Nest module on the bus; resolves when it takes messages. `close()` finishes those under way. */
export async function startNest(
  module: Type<unknown> | DynamicModule,
  transport: BusTransport,
  registrations: readonly Registration[],
  logger: Logger,
): Promise<INestMicroservice> {
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(module as Type<unknown>, {
    strategy: transport.strategy(registrations),
    logger: nestLogger(logger),
    abortOnError: false,
  });
  await service.listen();
  return service;
}
