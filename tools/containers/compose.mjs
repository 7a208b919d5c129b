// One stack of docker-compose.yml under a project name of its own, on a port of its own, with secrets of its own.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { node, root } from '../environment.mjs';
import { run, wasStopped } from './commands.mjs';

const READY_WITHIN_MS = 180_000;
const LAST_LINES = '25';

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const lines = (text) => text.split('\n').filter(Boolean);

export class ComposeStack {
  constructor(engine, settings) {
    this.engine = engine;
    this.project = `coffer-e2e-${randomBytes(4).toString('hex')}`;
    this.env = { ...engine.env, ...settings };
  }

  /** Secrets go through the environment, so that no `.env` of the checkout is read or written. */
  async prepare() {
    const printed = await run(node, [join(root, 'apps', 'coffer', 'dist', 'program', 'main.js'), 'compose-env']);
    for (const [, name, value] of printed.matchAll(/^(\w+)=(.*)$/gm)) this.env[name] = value;
    this.env.COFFER_PORT = String(await freePort());
  }

  compose(args, options = {}) {
    const [command, ...first] = this.engine.compose;
    const project = ['--project-name', this.project, '--file', join(root, 'docker-compose.yml')];
    return run(command, [...first, ...project, ...args], { ...options, env: this.env });
  }

  command(args) {
    return run(this.engine.command, args, { env: this.env });
  }

  /** Ids of the containers of a service, or of all of them, oldest name first. */
  async containers(service, all = false) {
    const filters = ['--filter', `label=com.docker.compose.project=${this.project}`];
    if (service) filters.push('--filter', `label=com.docker.compose.service=${service}`);
    const args = ['ps', ...(all ? ['--all'] : []), ...filters, '--format', '{{.Names}} {{.ID}}'];
    return lines(await this.command(args))
      .sort()
      .map((line) => line.split(' ').at(-1));
  }

  /** Where the host reaches the gateway in this container. */
  async endpoint(container) {
    const [address] = lines(await this.command(['port', container, '9010/tcp']));
    return `http://127.0.0.1:${address.slice(address.lastIndexOf(':') + 1)}`;
  }

  /** Evaluates the body of an async function in a container of one of Coffer's services. @returns what it returns */
  async inside(container, body) {
    const script = `(async () => { ${body} })().then((v) => console.log(JSON.stringify(v)))`;
    return JSON.parse(await this.command(['exec', container, 'node', '-e', script]));
  }

  /** Until each container of the service says that it is ready. */
  async ready(service, count) {
    const end = Date.now() + READY_WITHIN_MS;
    let last = 'there is no container';
    for (; Date.now() < end && !wasStopped(); await pause(1_000)) {
      try {
        const ids = await this.containers(service);
        const answers = ids.map((id) =>
          this.inside(id, "const r = await fetch('http://127.0.0.1:8080/readyz'); return [r.status, await r.text()]"),
        );
        const states = await Promise.all(answers);
        if (states.length === count && states.every(([status]) => status === 200)) return ids;
        last = JSON.stringify(states);
      } catch (error) {
        last = error.message;
      }
    }
    throw new Error(`${service} did not become ready within ${READY_WITHIN_MS / 1000} s: ${last}`);
  }

  /** What AWS clients need, from the operator's channel. */
  async clientEnvironment() {
    const printed = await this.compose(['--profile', 'operator', 'run', '--rm', 'operator', 'env', '--json']);
    return JSON.parse(printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1));
  }

  async printLogs() {
    for (const id of await this.containers(undefined, true)) {
      const format = '{{.Name}}: {{.State.Status}}, exit code {{.State.ExitCode}}';
      console.error(`\n--- ${(await this.command(['inspect', '--format', format, id])).trim()}`);
      await run(this.engine.command, ['logs', '--tail', LAST_LINES, id], { env: this.env, show: true });
    }
  }

  /** Takes away everything that carries the project's name. @throws when something of it is left */
  async remove() {
    await this.compose(['--profile', 'operator', 'down', '--volumes']).catch((error) => console.error(error.message));
    const filter = ['--filter', `label=com.docker.compose.project=${this.project}`];
    const kinds = [
      [
        ['ps', '--all', '--quiet', ...filter],
        ['rm', '--force', '--volumes'],
      ],
      [
        ['volume', 'ls', '--quiet', ...filter],
        ['volume', 'rm'],
      ],
      [
        ['network', 'ls', '--quiet', ...filter],
        ['network', 'rm'],
      ],
    ];
    for (const [list, removal] of kinds) {
      let left = lines(await this.command(list));
      // Podman removes none before those that need it, so there may be something to do again.
      for (let before = Infinity; left.length > 0 && left.length < before;) {
        before = left.length;
        for (const each of left) await this.command([...removal, each]).catch(() => undefined);
        left = lines(await this.command(list));
      }
      if (left.length > 0) throw new Error(`${list[0]} of ${this.project} are left: ${left.join(' ')}`);
    }
  }
}
