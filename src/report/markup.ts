import { escape } from './escape.ts';

/** Text that is HTML already. Only `html` makes it, so whatever else comes into a page is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | readonly Markup[];

/**
 * A piece of a page. Each value is put in as text: `<`, `>`, `&` and quotes as entities, control characters and those that turn
 * or hide text as their code. Line feeds and tabs stay.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.map((fixed, index) => fixed + textOf(values[index] ?? '')).join(''));
}

function textOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return escape(String(value), 'lines').replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
