import { observeCalls } from '@coffer/bus';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

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

/** The histogram of this name. Bounds are in the unit of the name, seconds as a rule. */
export function histogram<Label extends string = never>(
  definition: Definition<Label> & { buckets?: readonly number[] },
): Histogram<Label> {
  const {
    name,
    help,
    labels = [],
    buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  } = definition;
  return existing(
    name,
    () => new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [metrics] }),
  );
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
  observeCalls(({ side, contract }) => {
    const started = performance.now();
    return {
      end: (fault) => {
        const outcome = fault?.code ?? 'ok';
        const { service, operation } = contract;
        calls.observe({ side, service, operation, outcome }, (performance.now() - started) / 1000);
      },
    };
  });
}
