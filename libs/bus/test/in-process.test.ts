import { InProcessHub, inProcessTransport } from '../src/index.ts';
import { contractSuite } from './suite.ts';

contractSuite('the in-process hub', async () => {
  const hub = new InProcessHub();
  return {
    transport: async (service) => inProcessTransport(hub, service),
    close: async () => undefined,
  };
});
