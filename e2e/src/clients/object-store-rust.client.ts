import { onCellsByProgram } from './own-program.ts';

onCellsByProgram({
  name: 'object-store-rust',
  folder: 'rust',
  command: ['./dist/client'],
  version: ['Cargo.toml', /object_store = \{ version = "=([^"]+)"/],
});
