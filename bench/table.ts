/** Lines of bench/README.md. */
import type { Figures, Table } from './measure.ts';

/** A line of a table: figure, measured, bar, what it comes from. */
export type Row = string;

const text = ({ median, min, max }: Figures): string =>
  `${Math.round(median)} ms (${Math.round(min)}–${Math.round(max)})`;

export function figures(table: Table, name: string): Figures {
  const found = table.get(name);
  if (!found) throw new Error(`no figures for ${name}`);
  return found;
}

export function row(figure: string, measured: string, bar: string, from = ''): Row {
  return `| ${figure} | ${measured} | ${bar} | ${from} |`;
}

/** The ratio of two medians. */
export function ratio(figure: string, table: Table, over: string, under: string, bar: string): Row {
  const [a, b] = [figures(table, over), figures(table, under)];
  return row(figure, (a.median / b.median).toFixed(2), bar, `${text(a)} / ${text(b)}`);
}
