// The order of a table's rows.

export interface Sort {
  /** Of the column. */
  readonly label: string;
  readonly isDescending: boolean;
}

const collator = new Intl.Collator("en", { numeric: true });

export function sorted<Row>(
  rows: readonly Row[],
  value: (row: Row) => number | string,
  isDescending: boolean,
): readonly Row[] {
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => sign * compare(value(a), value(b)));
}

/** The other way when it is sorted by this column; else names go up, and of numbers the largest come first. */
export function nextSort(sort: Sort | null, label: string, isNumber: boolean): Sort {
  return { label, isDescending: sort?.label === label ? !sort.isDescending : isNumber };
}

function compare(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}
