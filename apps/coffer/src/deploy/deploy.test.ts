import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemas } from '@coffer/database';
import { services } from '@coffer/contracts';
import { serviceNames } from '../services/definitions.ts';
import { natsTemplate } from './nats-template.ts';
import { busVariable, composeEnvironment, databaseVariable } from './variables.ts';

const file = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const compose = file('docker-compose.yml');

/** The part of the compose file that belongs to one container. */
function part(name: string): string {
  return compose.split(/^ {2}(?=[a-z-]+:$)/m).find((each) => each.startsWith(`${name}:\n`)) ?? '';
}

describe('deployment files', () => {
  it("have nats-server's configuration as the contracts make it", () => {
    expect(file('deploy/nats/nats.conf')).toBe(natsTemplate());
    for (const service of services) expect(natsTemplate()).toContain(`password: $${busVariable(service)}\n`);
  });

  it.each([...serviceNames])('run %s with credentials of its own', (name) => {
    const own = part(name);
    expect(own).toContain(`APP: ${name},`);
    expect(own).toContain(`postgres://${schemas[name].role}:\${${databaseVariable(name)}:?}@`);
    expect(own).toContain(`COFFER_NATS_PASSWORD: \${${busVariable(name)}:?}`);
    const others = serviceNames.filter((other) => other !== name);
    for (const other of others) expect(own).not.toContain(`{${databaseVariable(other)}`);
    for (const other of others) expect(own).not.toContain(`{${busVariable(other)}`);
  });

  it('give the root key to kms alone and the blob tier to gateway and object-storage alone', () => {
    const holding = (what: string): string[] => serviceNames.filter((name) => part(name).includes(what));
    expect(holding('COFFER_ROOT_KEY')).toEqual(['kms']);
    expect(holding('*blobs')).toEqual(['object-storage', 'gateway']);
  });

  it('find every secret that they require in what compose-env prints', () => {
    const printed = new Set([...composeEnvironment().matchAll(/^(\w+)=.+$/gm)].map(([, name]) => name));
    const required = new Set([...compose.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
    expect([...required].filter((name) => !printed.has(name))).toEqual([]);
    expect(composeEnvironment()).not.toBe(composeEnvironment());
  });
});
