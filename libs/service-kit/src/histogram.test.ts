import { Histogram as Known, Registry, type Metric } from 'prom-client';
import { expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

it('prints what a histogram of prom-client prints for the same values', async () => {
  const definition = { name: 'coffer_x_seconds', help: 'Time of x', labels: ['side', 'outcome'] as const };
  const ours = new Histogram(definition);
  const mine = new Registry();
  mine.registerMetric(ours as unknown as Metric);
  const theirs = new Registry();
  const known = new Known({
    name: definition.name,
    help: definition.help,
    labelNames: [...definition.labels],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [theirs],
  });
  for (const side of ['client', 'ser"v\\er\n']) {
    for (const value of [0, 0.001, 0.0010001, 0.3, 10, 11, 1e9]) {
      ours.of({ side, outcome: 'ok' }).observe(value);
      known.observe({ side, outcome: 'ok' }, value);
    }
  }
  ours.of({ outcome: 'Timeout', side: 'client' }).observe(3);
  known.observe({ outcome: 'Timeout', side: 'client' }, 3);
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      // The order of labels within a line says nothing.
      .map((line) =>
        line.replace(
          /\{(.*)\}/,
          (_, labels: string) =>
            `{${labels
              .split(/,(?=\w+=")/)
              .sort()
              .join(',')}}`,
        ),
      )
      .sort();
  expect(lines(await mine.metrics())).toEqual(lines(await theirs.metrics()));
});
