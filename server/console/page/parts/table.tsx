// A table of the console: a caption for readers of the screen, numbers to the right, rows that lead
// somewhere by their first cell.
import type { ComponentChildren } from 'preact';
import './table.css';

export interface Column<R> {
  head: string;
  cell(row: R): ComponentChildren;
  numeric?: boolean;
  /** Never broken: a name, a time. */
  whole?: boolean;
}

export interface TableProps<R> {
  caption: string;
  columns: Column<R>[];
  rows: readonly R[];
  keyOf(row: R): string;
}

export function Table<R>({ caption, columns, rows, keyOf }: TableProps<R>) {
  return (
    <div class="table-box" role="region" aria-label={caption} tabIndex={0}>
      <table class="table">
        <caption class="hidden-words">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" class={column.numeric ? 'table-number' : undefined}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, at) =>
                at === 0 ? (
                  <th key={column.head} scope="row" class={column.whole ? 'table-whole' : undefined}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.head} class={column.numeric ? 'table-number' : column.whole ? 'table-whole' : undefined}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
