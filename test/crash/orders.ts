// Orders of an administrator, and what they leave open: one that was not confirmed may have been carried out or not.

/** `order` says what came first of two things that were seen at the same instant; `at` in ms. */
export interface Moment {
  readonly order: number;
  readonly at: number;
}

export interface Order {
  readonly sent: Moment;
  confirmed: Moment | null;
}

export interface FlagOrder extends Order {
  readonly value: boolean;
  /** Of the broker, when it was given. */
  readonly life: number;
  /** Not an order, but what /stats said. */
  readonly isObservation: boolean;
}

/** From the confirmation to where the next order to the contrary was sent: Infinity for never. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Whether something is paused; at first it is not. */
export class Flag {
  readonly orders: FlagOrder[] = [];

  /** Takes note of an order that is sent now. */
  order(value: boolean, sent: Moment, life: number): FlagOrder {
    const order = { value, life, sent, confirmed: null, isObservation: false };
    this.orders.push(order);
    return order;
  }

  observed(value: boolean, moment: Moment, life: number): void {
    this.orders.push({ value, life, sent: moment, confirmed: moment, isObservation: true });
  }

  /** What it may be at a time. */
  possible(order = Number.POSITIVE_INFINITY): ReadonlySet<boolean> {
    let values = new Set([false]);
    for (const { value, sent, confirmed } of this.orders) {
      if (sent.order >= order) break;
      if (confirmed !== null && confirmed.order < order) values = new Set([value]);
      else values.add(value);
    }
    return values;
  }

  /** When it was paused for certain. */
  get intervals(): Interval[] {
    const intervals: Interval[] = [];
    let from: number | null = null;
    for (const { value, sent, confirmed } of this.orders) {
      if (value) from ??= confirmed?.order ?? null;
      else if (from !== null) {
        intervals.push({ from, to: sent.order });
        from = null;
      }
    }
    return from === null ? intervals : [...intervals, { from, to: Number.POSITIVE_INFINITY }];
  }
}
