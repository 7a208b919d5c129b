import { Module } from '@nestjs/common';

/** The Nest application that carries the bus transport; requests take the way of pipeline.ts. */
@Module({})
export class GatewayModule {}
