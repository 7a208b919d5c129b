import type { Running } from '../embedded/start.ts';
import { clientEnvironment, exportLines, readyMessage } from '../operator/export-lines.ts';

/** A signal to the whole process group arrives twice when a parent passes it on as well. */
const SAME_SIGNAL_MS = 1_000;
const STOP_LIMIT_MS = 60_000;

/**
 * Starts, prints the lines to paste, and runs until SIGTERM or SIGINT: then everything ends in good order and the exit
 * code is 0. A second signal ends the process at once.
 */
export async function runUntilSignal(start: () => Promise<Running>): Promise<void> {
  let asked: number | undefined;
  let running: Running | undefined;

  const finish = async (): Promise<void> => {
    if (!running) return;
    setTimeout(() => {
      process.stderr.write('coffer: could not stop in time\n');
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    process.exit((await running.stop()) ? 0 : 1);
  };
  const onSignal = (): void => {
    if (asked === undefined) {
      asked = performance.now();
      void finish();
    } else if (performance.now() - asked > SAME_SIGNAL_MS) {
      process.stderr.write('coffer: asked twice; not waiting for what is under way\n');
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', onSignal);

  running = await start();
  if (asked !== undefined) return await finish();
  const lines = exportLines(await clientEnvironment(running.operator));
  process.stdout.write(readyMessage({ lines, ...running.operator.endpoints, data: running.layout.root }));
}
