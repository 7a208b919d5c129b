import { InvalidArgumentError, Option } from 'commander';
import { defaultDataFolder, type Mode } from '../data-folder/layout.ts';

function portNumber(lowest: number) {
  return (text: string): number => {
    const port = Number(text);
    if (/^\d{1,5}$/.test(text) && port >= lowest && port <= 65_535) return port;
    throw new InvalidArgumentError(`It must be a number from ${lowest} to 65535.`);
  };
}

/** Options that several commands share. Each can be given by the environment as well. */
export const dataOption = (mode: Mode): Option =>
  new Option('--data <folder>', 'data folder').env('COFFER_DATA_DIR').default(defaultDataFolder(mode));
export const portOption = (): Option =>
  new Option('--port <number>', 'HTTP port').env('COFFER_PORT').default(9010).argParser(portNumber(1));
export const httpsPortOption = (): Option =>
  new Option('--https-port <number>', 'HTTPS port; 0 turns HTTPS off')
    .env('COFFER_HTTPS_PORT')
    .default(9011)
    .argParser(portNumber(0));
export const hostOption = (): Option =>
  new Option('--host <address>', 'address to listen on; 0.0.0.0 for all').env('COFFER_HOST').default('127.0.0.1');
export const jsonOption = (): Option => new Option('--json', 'print JSON');
export const countOption = (flags: string, description: string): Option =>
  new Option(flags, description).default(1).argParser((text) => {
    const count = Number(text);
    if (/^\d{1,2}$/.test(text) && count >= 1) return count;
    throw new InvalidArgumentError('It must be a number from 1 to 99.');
  });
