import { observeCalls } from '@coffer/bus';
import type { Contract } from '@coffer/contracts';
import { collectDefaultMetrics, Counter, Gauge, Registry, type Metric } from 'prom-client';
import { Histogram, type HistogramDefinition, type Observations } from './histogram.ts';

/** The one registry of the process; services that share a process share it. */
export const metrics = new Registry();

interface Definition<Label extends string> {
  /** In the manner of Prometheus: `coffer_…_total`, `coffer_…_seconds`. */
  name: string;
  help: string;
  labels?: readonly Label[];
}

function existing<Metric>(name: string, make: () => Metric): Metric {
  return (metrics.getSingleMetric(name) as Metric | undefined) ?? make();
}

/** The counter of this name; made when it is asked for the first time. */
export function counter<Label extends string = never>(definition: Definition<Label>): Counter<Label> {
  const { name, help, labels = [] } = definition;
  return existing(name, () => new Counter({ name, help, labelNames: labels, registers: [metrics] }));
}

/** The gauge of this name; `collect` sets it each time somebody reads the metrics. */
export function gauge<Label extends string = never>(
  definition: Definition<Label> & { collect?: (gauge: Gauge<Label>) => void | Promise<void> },
): Gauge<Label> {
  const { name, help, labels = [], collect } = definition;
  return existing(
    name,
    () =>
      new Gauge({
        name,
        help,
        labelNames: labels,
        registers: [metrics],
        ...(collect
          ? {
              collect(this: Gauge<Label>) {
                return collect(this);
              },
            }
          : {}),
      }),
  );
}

/** The histogram of this name; made when it is asked for the first time. */
export function histogram<Label extends string>(definition: HistogramDefinition<Label>): Histogram<Label> {
  return existing(definition.name, () => {
    const made = new Histogram(definition);
    metrics.registerMetric(made as unknown as Metric);
    return made;
  });
}

let watching = false;

/** Measures the process itself and every call on the bus. Once per process; further calls change nothing. */
export function watchProcess(): void {
  if (watching) return;
  watching = true;
  collectDefaultMetrics({ register: metrics });
  const calls = histogram({
    name: 'coffer_bus_call_seconds',
    help: 'Time of calls on the bus, by side, operation and outcome (ok or the code of the fault)',
    labels: ['side', 'service', 'operation', 'outcome'],
  });
  const well = { client: new Map<Contract, Observations>(), server: new Map<Contract, Observations>() };
  observeCalls(({ side, contract }) => {
    const started = performance.now();
    return {
      end: (fault) => {
        const { service, operation } = contract;
        let observations = fault ? undefined : well[side].get(contract);
        if (!observations) {
          observations = calls.of({ side, service, operation, outcome: fault?.code ?? 'ok' });
          if (!fault) well[side].set(contract, observations);
        }
        observations.observe((performance.now() - started) / 1000);
      },
    };
  });
}
