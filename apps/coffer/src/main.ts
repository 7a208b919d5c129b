import '@coffer/service-kit/require-node';
import { sentenceOf } from './cli/errors.ts';
import { program } from './cli/program.ts';

try {
  await program().parseAsync();
} catch (error) {
  process.stderr.write(`coffer: ${sentenceOf(error)}\n`);
  process.exit(1);
}
