// Loaded into a Coffer that shall be slower: each request takes so many microseconds of the processor more.
import { Server } from 'node:http';

const micros = Number(process.env['COFFER_BENCH_SLOWED_MICROS']);
if (!(micros > 0)) throw new Error('COFFER_BENCH_SLOWED_MICROS says how many microseconds.');
const emit = Server.prototype.emit;
Server.prototype.emit = function (event, ...args) {
  if (event === 'request') {
    const until = performance.now() + micros / 1000;
    while (performance.now() < until);
  }
  return emit.call(this, event, ...args);
};
