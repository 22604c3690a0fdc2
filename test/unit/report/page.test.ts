import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { html, Markup } from '../../../src/report/markup.ts';
import { page } from '../../../src/report/page.ts';
import { readDocument } from '../../../src/report/document-schema.ts';
import { documentOf, everything, fleet, poisoned } from '../../support/report/documents.ts';
import { result } from '../../support/report/results.ts';
import { HOST_COMMAND_NAMES, VIEWS } from '../../support/report/views.ts';

/** Names of elements and attributes, each once. */
const names = (text: string): string[] =>
  [
    ...new Set(
      [...text.matchAll(/<\/?([a-zA-Z!][\w-]*)([^>]*)>/g)].flatMap(([, tag = '', rest = '']) => [
        tag,
        ...attributes(rest),
      ]),
    ),
  ].sort();
const attributes = (text: string): string[] =>
  [...text.replace(/"[^"]*"/g, '').matchAll(/[\w-]+/g)].map(([name]) => name);

describe('report: markup', () => {
  it('inserted text is escaped, and markup is not', () => {
    assert.equal(html`<b title="${'"'}">${`<i>&'`}</b>`.text, '<b title="&#34;">&#60;i&#62;&#38;&#39;</b>');
    assert.equal(html`<p>${html`<b>${'<'}</b>`}${[html`1`, html`${2}`]}</p>`.text, '<p><b>&#60;</b>12</p>');
    assert.equal(html`${'\u202eabc\u0000\n'}`.text, '\\u{202e}abc\\u{0}\n');
  });

  it('no inserted text becomes an element, an attribute or its end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(html`${text}`.text, /[<>"']|&(?!#\d+;)|(?![\n\t])\p{Cc}/u);
        assert.ok(html`${text}` instanceof Markup);
      }),
    );
  });
});

/** Fields that only one kind of ending has. */
const OWN_FIELDS = ['error', 'records', 'history', 'diagnoses', 'drift'] as const;

/** Every text in a value; of what a document says in words of its own, such as `true`, nothing. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'status' || name === 'excerpt' ? [] : textsIn(inner),
  );
}

describe('report: the page', () => {
  it('the page shows the command, the time and the number of hosts for each outcome', () => {
    const text = page(fleet, VIEWS);
    assert.match(text, /^<!doctype html>\n/);
    assert.match(text, /<title>harden-mail check · 2026-11-24 10:15 UTC<\/title>/);
    assert.match(text, /<b>2<\/b>failed/);
    assert.match(text, /<b>1<\/b>drifted/);
  });

  it('the most urgent host comes first, and failed hosts are unfolded', () => {
    const rows = [...page(fleet, VIEWS).matchAll(/<details class="host" (open)?[^>]*>[^]*?class="name">([^<]*)</g)];
    assert.deepEqual(
      rows.map(([, open, name]) => [name, open].filter(Boolean).join(' ')),
      ['mx3.example.test open', 'mx5.example.test open', 'mx2.example.test', 'mx1.example.test', 'mx4.example.test'],
    );
  });

  it('the page has every path, finding, note and hint of the document', () => {
    const shown = page(everything, VIEWS);
    for (const host of everything.hosts) {
      const { plan, findings } = host;
      const texts = [
        ...(plan?.files ?? []).flatMap(({ path, diff }) => [path, ...diff.split('\n').slice(2)]),
        ...(plan?.notes ?? []).map(({ text }) => text),
        ...(plan?.tasks ?? []).map(({ summary }) => summary),
        ...findings.flatMap(({ text, journal = [] }) => [text, ...journal]),
        ...textsIn(OWN_FIELDS.map((name) => host[name])),
      ];
      for (const text of texts) assert.ok(shown.includes(html`${text}`.text), text);
    }
  });

  it('the page loads nothing and allows only its own style', () => {
    const text = page(everything, VIEWS);
    assert.doesNotMatch(text, /<script|<link|<img|src=|href=|url\(|@import/i);
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    assert.ok(
      text.includes(
        html`content="${`default-src 'none'; style-src 'sha256-${digest}'`}`.text.replace(/^content="/, ''),
      ),
      digest,
    );
  });

  for (const attack of [
    '<script>1</script>',
    '"><img src=x onerror=1>',
    "' onload='",
    '</style></pre><b>',
    '<!--',
    '\u202e<\u0000svg>',
  ]) {
    it(`the page keeps its elements and attributes when a host says ${JSON.stringify(attack)}`, () => {
      assert.deepEqual(names(page(poisoned(everything, attack), VIEWS)), names(page(everything, VIEWS)));
    });
  }

  it('the page shows why no host was started', () => {
    const error = { code: 'USAGE', message: 'which host?', hint: 'Say which.' };
    assert.match(page(documentOf([], { error, exit: 3 }), VIEWS), /which host\?[^]*Say which\./);
  });
});

describe('report: reading a document', () => {
  it('a document may have unknown fields', () => {
    const newer = { ...fleet, more: 1, hosts: fleet.hosts.map((host) => ({ ...host, more: 1 })) };
    assert.deepEqual(readDocument(newer, HOST_COMMAND_NAMES, VIEWS), fleet);
  });

  for (const [wrong, value] of [
    [/^the document: /, null],
    [/^version: /, { ...fleet, version: 2 }],
    [/^hosts\.0\.outcome: /, { ...fleet, hosts: [{ outcome: 'x' }] }],
    [/^hosts\.0\.findings\.0\.port: /, documentOf([result({ kind: 'verified' }, { findings: [{ port: 0, check: '', status: 'pass', text: '', via: 'ssh' }] })])], // oxfmt-ignore
  ] as const) {
    it(`a wrong document is refused with the place: ${String(wrong)}`, () => {
      const read = readDocument(value, HOST_COMMAND_NAMES, VIEWS);
      assert.ok('wrong' in read);
      assert.match(read.wrong, wrong);
    });
  }
});
