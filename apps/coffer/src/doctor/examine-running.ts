import { join } from 'node:path';
import type { Layout, Mode } from '../data-folder/layout.ts';
import { failures, statusOfAll, type Operator, type ServiceStatus } from '../operator/operator.ts';
import { fine, messageOf, problem, warning, type Finding } from './check.ts';
import { mendCheck, mendService, type Place } from './mend.ts';

interface Running {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  connect(data: string): Promise<Operator>;
}

/** What the services of a running Coffer say, and whether this shell leads clients to it. */
export async function examineRunning({ data, env, connect }: Running, layout: Layout, mode: Mode): Promise<Finding[]> {
  const place = { layout, mode, env };
  let operator: Operator;
  try {
    operator = await connect(data);
  } catch (error) {
    const log = join(layout.logs, 'coffer.log');
    const mend = `If Coffer is still starting, try again; else see ${log} and start it again.`;
    return [problem('operator channel', messageOf(error), mend)];
  }
  try {
    const services = await statusOfAll(operator);
    const findings = Object.entries(services).flatMap(([name, service]) => examineService(place, name, service));
    return [fine('running', operator.endpoints.endpoint), ...findings, ...clientFindings(env, operator)];
  } finally {
    await operator.close();
  }
}

/** One finding for what is lacking of a service, and one for each check that fails in one of its processes. */
function examineService(place: Place, name: string, { up, reason = '', processes }: ServiceStatus): Finding[] {
  const several = processes.length > 1;
  const failing = processes.flatMap((process) =>
    failures(process).map(([check, why]) => {
      const seen = `its check "${check}" fails: ${why}`;
      return problem(name, several ? `${process.instance}: ${seen}` : seen, mendCheck(place, name, check));
    }),
  );
  if (!up) return [problem(name, reason, mendService(place, name)), ...failing];
  return failing.length > 0 ? failing : [fine(name, several ? `${processes.length} processes are up` : 'up')];
}

/** Variables of other tools that lead clients astray. */
function clientFindings(env: NodeJS.ProcessEnv, operator: Operator): Finding[] {
  const { endpoint, httpsEndpoint } = operator.endpoints;
  const set = env['AWS_ENDPOINT_URL']?.replace(/\/$/, '');
  const lines = 'eval "$(coffer env --data DIR)" in this shell';
  if (set === undefined) return [warning('AWS clients', 'AWS_ENDPOINT_URL is not set in this shell', lines)];
  if (set !== endpoint && set !== httpsEndpoint) {
    return [warning('AWS clients', `AWS_ENDPOINT_URL points to ${set}, not to this Coffer`, lines)];
  }
  return [fine('AWS clients', `AWS_ENDPOINT_URL is ${set}`)];
}
