// `npm run e2e:containers`: builds the images, brings docker-compose.yml up, runs suites of the AWS CLI against it, scales
// it, takes it down, and runs the suites that use Testcontainers. Skipped with its reason where no engine is; there CI fails.
// The last line is `N passed, N failed, N skipped`.
//   --stand-ins   makes the base images here, as it does by itself where no registry of images is reached
//   --images      builds the images and ends; a later run finds them and has them again in a moment
import { checkConfinement, checkReplicas } from './checks.mjs';
import { printTimes, stage, stopRunning } from './commands.mjs';
import { ComposeStack } from './compose.mjs';
import { check, count, forgetCounts, suites, writeCounts } from './counts.mjs';
import { findEngine } from './engine.mjs';
import { buildImages, checkImages, SERVICES } from './images.mjs';
import { makeStandIns } from './stand-ins.mjs';
import { runTestcontainers } from './testcontainers.mjs';

const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim';
/** Those that need neither HTTPS nor the data folder, use the AWS CLI, and end within minutes. */
const SUITES = ['smoke', 's3api-calls', 'copies', 'versions', 'errors-not-here', 'permissions'];
const SUITES_OF_SECOND = ['smoke', 'versions', 'permissions'];

async function registryReached() {
  try {
    return (await fetch('https://registry-1.docker.io/v2/', { signal: AbortSignal.timeout(5_000) })).status < 500;
  } catch {
    return false;
  }
}

function runSuites(name, files, endpoint, environment) {
  const env = {
    COFFER_E2E_ENDPOINT: endpoint,
    COFFER_E2E_REGION: environment.AWS_REGION,
    COFFER_E2E_ACCESS_KEY_ID: environment.AWS_ACCESS_KEY_ID,
    COFFER_E2E_SECRET_ACCESS_KEY: environment.AWS_SECRET_ACCESS_KEY,
  };
  return suites(name, ['--config', 'e2e/vitest.config.ts', ...files.map((each) => `src/${each}.e2e.ts`)], env);
}

async function allReady(stack, replicas) {
  for (const service of SERVICES) await stack.ready(service, replicas[service] ?? 1);
}

async function prove(stack, images) {
  await check('images', () => buildImages(stack));
  await check('size and user of the images', () => checkImages(stack, images.COFFER_NODE_IMAGE ?? NODE_IMAGE));

  await check('up', async () => {
    await stack.compose(['up', '--detach', '--no-build']);
    await allReady(stack, {});
  });
  await check('confinement', () => checkConfinement(stack));
  const environment = await check("the operator's channel", () => stack.clientEnvironment());
  const [gateway] = await stack.containers('gateway');
  await runSuites('suites of the AWS CLI', SUITES, await stack.endpoint(gateway), environment);

  const endpoints = await check('two gateways and two object-storages', async () => {
    // A free port for each gateway. Not by `--scale`, of which podman-compose takes a single one; and by the environment
    // those that take down know of all.
    Object.assign(stack.env, { COFFER_PORT: '', COFFER_GATEWAYS: '2', COFFER_OBJECT_STORAGES: '2' });
    await stack.compose(['up', '--detach', '--no-build']);
    await allReady(stack, { gateway: 2, 'object-storage': 2 });
    const gateways = await stack.containers('gateway');
    return Promise.all(gateways.map((id) => stack.endpoint(id)));
  });
  await check('requests through both gateways', () => checkReplicas(stack, environment, endpoints));
  await runSuites('suites of the AWS CLI at the second gateway', SUITES_OF_SECOND, endpoints[1], environment);
}

let interrupted = false;
const interrupt = () => {
  if (interrupted) return;
  interrupted = true;
  console.error('\nInterrupted: what was started is taken down.');
  stopRunning();
};

/** Counts and tells a failure, and goes on. @returns whether there was none */
async function attempt(body) {
  try {
    await body();
    return true;
  } catch (error) {
    count('failed');
    console.error(`\nFAILED ${error.message}`);
    return false;
  }
}

const stackOf = (engine, images) => new ComposeStack(engine, { COFFER_VERSION: 'e2e', ...images });

async function runStack(engine, images) {
  const stack = stackOf(engine, images);
  const proved = await attempt(async () => {
    await stack.prepare();
    await prove(stack, images);
  });
  if (!proved && !interrupted) await stack.printLogs().catch((problem) => console.error(problem.message));
  await attempt(() => check('down', () => stack.remove(), { always: true }));
}

async function main() {
  forgetCounts();
  const engine = findEngine();
  if (engine.missing) {
    console.log(`skipped: ${engine.missing} (tools/containers/install.sh installs Podman on Debian)`);
    count(process.env.CI === 'true' ? 'failed' : 'skipped');
    return writeCounts() ? 0 : 1;
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const local = process.argv.includes('--stand-ins') || !(await registryReached());
  console.log(`${engine.name}; base images ${local ? 'made here' : 'from the registry'}`);

  if (process.argv.includes('--images')) {
    const stack = stackOf(engine, local ? await makeStandIns(engine) : {});
    await stack.prepare();
    await buildImages(stack);
    return 0;
  }

  let images = {};
  const ready = await attempt(async () => {
    if (local) images = await stage('stand-ins for the base images', () => makeStandIns(engine));
  });
  if (ready) {
    await runStack(engine, images);
    // After the stack, which then takes neither memory nor processor.
    await attempt(() => runTestcontainers(engine, images));
  }
  printTimes();
  const right = writeCounts();
  if (interrupted) return 130;
  return right ? 0 : 1;
}

process.exitCode = await main();
