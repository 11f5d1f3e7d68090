// What the figures of a topic or channel were in the last minutes, and the rate of its messages from them. Instants are seconds.

export interface Sample {
  readonly at: number;
  /** Messages so far. */
  readonly messages: number;
  readonly depth: number;
  readonly inFlight: number;
}

/** Values over time; null where nobody looked. */
export interface Series {
  readonly times: number[];
  readonly values: (number | null)[];
}

const KEPT = 300;
/** A rate is taken over so much time, lest it flicker. */
const SMOOTHED = 10;
/** Without a sample for so long a line is broken. */
const GAP = 15;

export class History {
  #samples: Sample[] = [];

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  add(sample: Sample): void {
    const { last } = this;
    if (last !== undefined && sample.at <= last.at) return;
    // A count that went back belongs to a new topic of the same name.
    if (last !== undefined && sample.messages < last.messages) this.#samples = [];
    this.#samples.push(sample);
    const first = this.#samples.findIndex(({ at }) => at >= sample.at - KEPT);
    if (first > 0) this.#samples.splice(0, first);
  }

  /** Messages per second of late; null until it is known. */
  rate(): number | null {
    return this.#rateAt(this.#samples.length - 1);
  }

  rates(): Series {
    return this.#series((_, index) => this.#rateAt(index));
  }

  depths(): Series {
    return this.#series(({ depth }) => depth);
  }

  inFlights(): Series {
    return this.#series(({ inFlight }) => inFlight);
  }

  #rateAt(index: number): number | null {
    const to = this.#samples[index];
    let from: Sample | undefined;
    for (let before = index - 1; to !== undefined && before >= 0; before--) {
      const sample = this.#samples[before];
      if (sample === undefined || (from !== undefined && to.at - sample.at > SMOOTHED + 0.5)) break;
      from = sample;
    }
    return to === undefined || from === undefined ? null : (to.messages - from.messages) / (to.at - from.at);
  }

  #series(value: (sample: Sample, index: number) => number | null): Series {
    const series: Series = { times: [], values: [] };
    let before: Sample | undefined;
    for (const [index, sample] of this.#samples.entries()) {
      if (before !== undefined && sample.at - before.at > GAP) {
        series.times.push(before.at + 1);
        series.values.push(null);
      }
      series.times.push(sample.at);
      series.values.push(value(sample, index));
      before = sample;
    }
    return series;
  }
}

/** The histories of everything that was looked at, by name; those that are over are forgotten. */
export class Histories {
  readonly #all = new Map<string, History>();

  add(key: string, sample: Sample): void {
    this.of(key).add(sample);
  }

  of(key: string): History {
    let history = this.#all.get(key);
    if (history === undefined) {
      history = new History();
      this.#all.set(key, history);
    }
    return history;
  }

  forgetOld(now: number): void {
    for (const [key, { last }] of this.#all) {
      if (last !== undefined && last.at < now - KEPT) this.#all.delete(key);
    }
  }
}

/** The stretch of time that a chart shows: it grows with what is known, up to all that is kept. */
export function span(times: ArrayLike<number>): readonly [from: number, to: number] {
  const to = times[times.length - 1] ?? 0;
  return [Math.min(to - 60, times[0] ?? to), to];
}
