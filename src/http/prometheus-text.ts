// Prometheus' text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).

export interface Family {
  readonly name: string;
  /** A counter's name ends in `_total`. */
  readonly type: "counter" | "gauge";
  readonly help: string;
}

export type Labels = Readonly<Record<string, string>>;

/** Collects the samples of some families, and writes each family in one piece, whatever came in between. */
export class Exposition {
  readonly #families: readonly Family[];
  readonly #samples = new Map<string, string[]>();

  constructor(families: readonly Family[]) {
    this.#families = families;
    for (const { name } of families) this.#samples.set(name, []);
  }

  /** @throws {Error} when there is no such family */
  add(name: string, labels: Labels, value: number | boolean): void {
    const samples = this.#samples.get(name);
    if (!samples) throw new Error(`no family ${name}`);
    samples.push(`${name}${labelsText(labels)} ${Number(value)}`);
  }

  /** Families without samples are left out. */
  get text(): string {
    const lines = this.#families.flatMap(({ name, type, help }) => {
      const samples = this.#samples.get(name) ?? [];
      return samples.length === 0 ? [] : [`# HELP ${name} ${escapedHelp(help)}`, `# TYPE ${name} ${type}`, ...samples];
    });
    return `${lines.join("\n")}\n`;
  }
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapedValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapedValue(value: string): string {
  return escapedHelp(value).replaceAll('"', '\\"');
}

function escapedHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
