import { Module } from '@nestjs/common';

/** The Nest application that carries the bus transport; the operations are plain functions, listed in operations.ts. */
@Module({})
export class IdentityModule {}
