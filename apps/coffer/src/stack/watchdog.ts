// Loaded before a service of the native stack: ends it at once when the supervisor is gone, however that ended, so that
// a killed stack leaves no process behind. Everything in Coffer is made to survive such an end.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
