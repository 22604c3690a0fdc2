import { escape } from './escape.ts';

/** Text that is already HTML. Only `html` creates it, so every other text in a page is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | readonly Markup[];

/**
 * A piece of a page. Each value is inserted as text: `<`, `>`, `&` and quotes become entities; control characters and characters
 * that reorder or hide text become their code. Line feeds and tabs stay.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.map((fixed, index) => fixed + textOf(values[index] ?? '')).join(''));
}

function textOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return escape(String(value), 'lines').replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
