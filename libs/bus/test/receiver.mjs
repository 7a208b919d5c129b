// A receiver in a process of its own, to be killed: `node receiver.mjs URL PASSWORD answer|hang`.
// Prints `ready`, and `got` for each call; `hang` answers none.
import { natsTransport, handle } from '../src/index.ts';
import { safeGreet } from './contracts.ts';

const [url, password, way] = process.argv.slice(2);
const transport = await natsTransport({ servers: [url], service: 'identity', user: 'identity', password });
const server = transport.strategy([
  handle(safeGreet, async ({ name }) => {
    console.log('got');
    return way === 'answer' ? { text: name } : await new Promise(() => undefined);
  }),
]);
server.listen((error) => {
  if (error) throw new Error('the bus refused', { cause: error });
  console.log('ready');
});
