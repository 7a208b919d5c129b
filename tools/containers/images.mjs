// The images of Coffer: one is built first, since they share all that comes before their programs; then measured.
import { stage } from './commands.mjs';

const LIMIT_BYTES = 150e6;
const AT_ONCE = 2;
export const SERVICES = ['kms', 'identity', 'governance', 'object-storage', 'audit', 'gateway'];
/** The service of docker-compose.yml whose image each is. */
const BUILT = ['provision', ...SERVICES];

async function size(stack, image) {
  return Number(await stack.command(['image', 'inspect', '--format', '{{.Size}}', image]));
}

/** Ids of the containers that Podman's builds work in. */
async function workplaces(stack) {
  if (stack.engine.name !== 'podman') return [];
  const listed = await stack.command(['ps', '--all', '--external', '--format', '{{.ID}} {{.Status}}']);
  return [...listed.matchAll(/^(\w+) Storage$/gm)].map(([, id]) => id);
}

/** Podman keeps the workplaces of a build that was cut: those that came meanwhile are taken away. */
export async function buildImages(stack) {
  const before = new Set(await workplaces(stack));
  try {
    const [first, ...others] = BUILT;
    const build = (service) => stage(`image of ${service}`, () => stack.compose(['build', service]));
    await build(first);
    const take = async () => {
      for (let next = others.shift(); next !== undefined; next = others.shift()) await build(next);
    };
    const taken = await Promise.allSettled(Array.from({ length: AT_ONCE }, take));
    const failed = taken.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  } catch (error) {
    const left = (await workplaces(stack)).filter((id) => !before.has(id));
    for (const id of left)
      await stack.command(['rm', '--force', id]).catch((problem) => console.error(problem.message));
    throw error;
  }
}

/** @throws when an image is larger than it may be, or names a user that has rights */
export async function checkImages(stack, base) {
  const faults = [];
  const below = await size(stack, base);
  for (const service of BUILT) {
    const image = `coffer/${service === 'provision' ? 'coffer' : service}:${stack.env.COFFER_VERSION}`;
    const above = (await size(stack, image)) - below;
    const user = (await stack.command(['image', 'inspect', '--format', '{{.Config.User}}', image])).trim();
    console.log(`${image}: ${(above / 1e6).toFixed(1)} MB above its base, user ${user || 'root'}`);
    if (above > LIMIT_BYTES) faults.push(`${image} is more than ${LIMIT_BYTES / 1e6} MB above its base`);
    if (user !== '10001:10001') faults.push(`${image} runs as ${user || 'root'}`);
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
