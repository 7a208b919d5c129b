export { startEmbedded } from './embedded/start.ts';
export type { Running, UpOptions } from './embedded/start.ts';
