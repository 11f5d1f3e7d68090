// A table: its rows can be sorted by each column that has values, and on narrow screens it scrolls by itself.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { nextSort, type Sort, sorted } from "./sort.ts";

export interface Column<Row> {
  readonly label: string;
  /** What the label means, when that is not plain. */
  readonly title?: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** To sort by. */
  readonly value?: (row: Row) => number | string;
  readonly isNumber?: boolean;
}

interface TableProps<Row> {
  /** What it shows, for who cannot see the heading above it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Everything added up, as one more row. */
  readonly total?: Row | undefined;
}

/** The orders that the reader chose hold until the page is loaded anew. */
const chosen = new Map<string, Sort>();

/** A column of numbers. */
export function numbers<Row>(
  label: string,
  value: (row: Row) => number,
  show: (value: number, row: Row) => ComponentChildren,
  title?: string,
): Column<Row> {
  return { label, value, isNumber: true, cell: (row) => show(value(row), row), ...(title !== undefined && { title }) };
}

export function Table<Row>({ caption, columns, rows, rowKey, total }: TableProps<Row>) {
  const id = `${caption}: ${columns.map(({ label }) => label).join()}`;
  const [sort, setSort] = useState<Sort | null>(chosen.get(id) ?? null);
  const by = columns.find(({ label }) => label === sort?.label)?.value;
  const ordered = by && sort ? sorted(rows, by, sort.isDescending) : rows;
  const onSort = (column: Column<Row>) => {
    const next = nextSort(sort, column.label, column.isNumber === true);
    chosen.set(id, next);
    setSort(next);
  };
  return (
    // A region that scrolls must be within reach of the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class="table-scroll" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.label} column={column} sort={sort} onSort={() => onSort(column)} />
            ))}
          </tr>
        </thead>
        <tbody>
          {ordered.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column, index) => (
                <Cell key={column.label} isFirst={index === 0} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
        {total !== undefined && (
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              {columns.slice(1).map((column) => (
                <Cell key={column.label} isFirst={false} column={column} row={total} />
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </section>
  );
}

function Cell<Row>({ column, row, isFirst }: { column: Column<Row>; row: Row; isFirst: boolean }) {
  if (isFirst) return <th scope="row">{column.cell(row)}</th>;
  return <td class={column.isNumber ? "number" : undefined}>{column.cell(row)}</td>;
}

function Heading<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort | null; onSort: () => void }) {
  const { label, title, isNumber, value } = column;
  const order = sort?.label !== label ? "none" : sort.isDescending ? "descending" : "ascending";
  return (
    <th scope="col" class={isNumber ? "number" : undefined} title={title} aria-sort={value ? order : undefined}>
      {value ? (
        <button type="button" class="sort" onClick={onSort}>
          {label}
          <svg class="sort-mark" viewBox="0 0 8 12" width="8" height="12" aria-hidden="true">
            <path d="M1 5 4 1.5 7 5" />
            <path d="M1 7.5 4 11 7 7.5" />
          </svg>
        </button>
      ) : (
        label
      )}
    </th>
  );
}
