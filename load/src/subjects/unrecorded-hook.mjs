// Loaded into a Coffer that is measured, before it starts: its gateway then answers without having written a record.
const { Recorder } = await import(new URL('../../../apps/gateway/dist/record/recorder.js', import.meta.url).href);
for (const name of ['write', 'later']) {
  if (typeof Recorder.prototype[name] !== 'function') throw new Error(`The recorder has no ${name} to take away.`);
}
Recorder.prototype.write = () => Promise.resolve();
Recorder.prototype.later = () => undefined;
