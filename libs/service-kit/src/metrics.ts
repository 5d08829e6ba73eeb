import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

type Labels<Label extends string> = Partial<Record<Label, string>>;

/** All metrics of a process; in standalone the six services share them, told apart by the label `service`. */
export class ProcessMetrics {
  readonly registry = new Registry();
  private readonly gauges = new Map<string, Map<string, () => number>>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  of(service: string): Metrics {
    return new Metrics(service, this.registry, this.gauges);
  }

  exposition(): Promise<string> {
    return this.registry.metrics();
  }
}

/** One service's view of them. */
export class Metrics {
  constructor(
    readonly service: string,
    private readonly registry: Registry,
    private readonly gauges: Map<string, Map<string, () => number>>,
  ) {}

  counter<const Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) {
    const { service } = this;
    const counter =
      (this.registry.getSingleMetric(name) as Counter | undefined) ??
      new Counter({ name, help, labelNames: ['service', ...labelNames], registers: [this.registry] });
    return { inc: (labels: Labels<Label> = {}, by = 1): void => counter.inc({ service, ...labels }, by) };
  }

  /** Read anew at each scrape. */
  gauge(name: string, help: string, read: () => number): void {
    const readers = this.gauges.get(name) ?? new Map<string, () => number>();
    if (readers.size === 0) {
      new Gauge({
        name,
        help,
        labelNames: ['service'],
        registers: [this.registry],
        collect() {
          for (const [service, readOne] of readers) this.set({ service }, readOne());
        },
      });
    }
    this.gauges.set(name, readers.set(this.service, read));
  }

  /** Seconds, as Prometheus wants them. */
  histogram<const Label extends string = never>(name: string, help: string, buckets: number[], labelNames: readonly Label[] = []) {
    const { service } = this;
    const histogram =
      (this.registry.getSingleMetric(name) as Histogram | undefined) ??
      new Histogram({ name, help, buckets, labelNames: ['service', ...labelNames], registers: [this.registry] });
    return { observe: (value: number, labels: Labels<Label> = {}): void => histogram.observe({ service, ...labels }, value) };
  }
}
