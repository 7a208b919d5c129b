// `npm run e2e:containers`: builds the images, brings docker-compose.yml up, runs the suites of the AWS CLI against it,
// scales it, and takes it down. Skipped with its reason where no engine is; there CI fails.
//   --stand-ins   makes the base images here, as it does by itself where no registry of images is reached
import { node } from '../environment.mjs';
import { checkConfinement, checkReplicas } from './checks.mjs';
import { printTimes, run, stage, stopRunning } from './commands.mjs';
import { ComposeStack } from './compose.mjs';
import { findEngine } from './engine.mjs';
import { buildImages, checkImages, SERVICES } from './images.mjs';
import { makeStandIns } from './stand-ins.mjs';
import { runTestcontainers } from './testcontainers.mjs';

const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim';
/** Those that need neither HTTPS nor the data folder, use the AWS CLI, and end within minutes. */
const SUITES = ['smoke', 's3api-calls', 'copies', 'versions', 'errors-not-here', 'permissions'];
const SUITES_OF_SECOND = ['smoke', 's3api-calls'];

async function registryReached() {
  try {
    return (await fetch('https://registry-1.docker.io/v2/', { signal: AbortSignal.timeout(5_000) })).status < 500;
  } catch {
    return false;
  }
}

function runSuites(name, suites, endpoint, environment) {
  const env = {
    COFFER_E2E_ENDPOINT: endpoint,
    COFFER_E2E_REGION: environment.AWS_REGION,
    COFFER_E2E_ACCESS_KEY_ID: environment.AWS_ACCESS_KEY_ID,
    COFFER_E2E_SECRET_ACCESS_KEY: environment.AWS_SECRET_ACCESS_KEY,
  };
  return run(node, ['tools/containers/suites.mjs', name, ...suites], { env, show: true });
}

async function allReady(stack, replicas) {
  for (const service of SERVICES) await stack.ready(service, replicas[service] ?? 1);
}

async function prove(stack, images) {
  await buildImages(stack);
  await stage('size and user of the images', () => checkImages(stack, images.COFFER_NODE_IMAGE ?? NODE_IMAGE));

  await stage('up', async () => {
    await stack.compose(['up', '--detach', '--no-build']);
    await allReady(stack, {});
  });
  await stage('confinement', () => checkConfinement(stack));
  const environment = await stage("the operator's channel", () => stack.clientEnvironment());
  await stage('suites of the AWS CLI', async () => {
    const [gateway] = await stack.containers('gateway');
    await runSuites('containers', SUITES, await stack.endpoint(gateway), environment);
  });

  const endpoints = await stage('two gateways and two object-storages', async () => {
    // A free port for each.
    stack.env.COFFER_PORT = '';
    const scale = ['--scale', 'gateway=2', '--scale', 'object-storage=2'];
    await stack.compose(['up', '--detach', '--no-build', ...scale]);
    await allReady(stack, { gateway: 2, 'object-storage': 2 });
    const gateways = await stack.containers('gateway');
    return Promise.all(gateways.map((id) => stack.endpoint(id)));
  });
  await stage('requests through both gateways', () => checkReplicas(stack, environment, endpoints));
  await stage('suites of the AWS CLI at the second gateway', async () =>
    runSuites('containers-second', SUITES_OF_SECOND, endpoints[1], environment),
  );
}

let interrupted = false;
const interrupt = () => {
  if (interrupted) return;
  interrupted = true;
  console.error('\nInterrupted: what was started is taken down.');
  stopRunning();
};

async function main() {
  const engine = findEngine();
  if (engine.missing) {
    console.log(`skipped: ${engine.missing} (tools/containers/install.sh installs Podman on Debian)`);
    return process.env.CI === 'true' ? 1 : 0;
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const local = process.argv.includes('--stand-ins') || !(await registryReached());
  console.log(`${engine.name}; base images ${local ? 'made here, since no registry is reached' : 'from the registry'}`);

  let stack;
  let code = 0;
  try {
    const images = local ? await stage('stand-ins for the base images', () => makeStandIns(engine)) : {};
    stack = new ComposeStack(engine, { COFFER_VERSION: 'e2e', ...images });
    await stack.prepare();
    await prove(stack, images);
    await stage('Testcontainers', () => runTestcontainers(engine, images));
  } catch (error) {
    code = 1;
    console.error(`\nFAILED ${error.message}`);
    if (stack && !interrupted) await stack.printLogs().catch((problem) => console.error(problem.message));
  }
  if (stack) {
    await stage('down', () => stack.remove(), { always: true }).catch((error) => {
      code = 1;
      console.error(`FAILED ${error.message}`);
    });
  }
  printTimes();
  return interrupted ? 130 : code;
}

process.exitCode = await main();
