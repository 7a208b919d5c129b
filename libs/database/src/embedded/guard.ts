import { spawn } from 'node:child_process';

/** Waits for the end of its input, which comes when the parent ends in whatever way; then ends the server. */
const SCRIPT = `cat >/dev/null
kill -s "$1" "$2" 2>/dev/null
n=0; while kill -0 "$2" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done
kill -s KILL "$2" 2>/dev/null
[ -z "$3" ] || rm -rf "$3"`;

/**
 * Makes sure that a server does not outlive this process, however it ends: SIGKILL included. For tests; not on Windows.
 * @param folder removed when the guard strikes
 * @returns takes the guard off; call it once the server has been stopped
 */
export function guard(pid: number, options: { signal: 'TERM' | 'QUIT' | 'KILL'; folder?: string }): () => void {
  if (process.platform === 'win32') return () => undefined;
  const watcher = spawn('/bin/sh', ['-c', SCRIPT, 'guard', options.signal, String(pid), options.folder ?? ''], {
    cwd: '/',
    // Its own group: Ctrl-C must not end the watcher before it has done its work.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => undefined);
  watcher.unref();
  (watcher.stdin as unknown as { unref(): void }).unref();
  return () => {
    if (watcher.pid === undefined || watcher.exitCode !== null) return;
    try {
      process.kill(-watcher.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };
}
