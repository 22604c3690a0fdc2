/** The page of `report --html` in a real browser: what is seen, folded and unfolded, in the light, in the dark and on paper; and that a hostile host cannot run anything in it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { page } from '../../src/report/page.ts';
import type { Document } from '../../src/report/document-schema.ts';
import { available, prepareMachine } from '../../src/lab/requirements.ts';
import { everything, fleet, PAGES, poisoned } from '../support/report/documents.ts';
import axeCore from 'axe-core';
import { chromium, type Browser } from './chromium.ts';
import { VIEWS } from '../support/report/views.ts';

/** Each would run, load or leave the page if it were taken for HTML. */
const ATTACKS = [
  '<script>window.pwned = 1</script>',
  '"><img src=x onerror="window.pwned = 1">',
  `'><svg onload='window.pwned = 1'>`,
  '</pre></details></style><style>body { display: none }</style>',
  '<meta http-equiv=refresh content="0; url=https://attacker.test/">',
  '<a href="javascript:window.pwned = 1">x</a><base href="https://attacker.test/"><form action="https://attacker.test/">',
  '${1}{{1}}<!--',
];

const LOOKS = {
  light: { scheme: 'light' },
  dark: { scheme: 'dark' },
  narrow: { width: 400 },
  print: { media: 'print' },
} as const satisfies Record<string, Parameters<Browser['look']>[0]>;

describe('report --html, in Chromium', () => {
  let browser: Browser;
  let folder: string | undefined;
  before(async function () {
    this.timeout(600_000); // The first time it is installed.
    const here = await available();
    if (!here.ok) return this.skip();
    await prepareMachine(['chromium']);
    folder = mkdtempSync(join(tmpdir(), 'harden-mail-report-'));
    browser = await chromium();
  });
  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  const open = (document: Document): ReturnType<Browser['open']> => {
    const path = join(folder ?? '', 'report.html');
    writeFileSync(path, page(document, VIEWS));
    return browser.open(pathToFileURL(path).href);
  };
  /** Visible text, as a reader has it. */
  const seen = () => browser.evaluate<string>('document.body.innerText');
  /** How many of these are to be seen once the page has been drawn anew: neither folded nor without a size. */
  const visible = (selector: string) =>
    browser.evaluate<number>(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
      [...document.querySelectorAll(${JSON.stringify(selector)})].filter(
        (one) => one.checkVisibility({ contentVisibilityAuto: true }) && one.getBoundingClientRect().height > 0).length))))`);

  for (const [name, document] of [
    ['a fleet', fleet],
    ['every ending', everything],
  ] as const) {
    it(`${name}: the page raises no error in the browser and requests nothing else`, async () => {
      const { complaints, requests } = await open(document);
      assert.deepEqual(complaints, []);
      assert.equal(requests.length, 1, requests.join());
      assert.equal(await browser.evaluate('document.querySelectorAll("details.host").length'), document.hosts.length);
      assert.equal(await browser.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
    });
  }

  it('the policy of the page admits its own style', async () => {
    await browser.look({});
    await open(fleet);
    assert.equal(await browser.evaluate('getComputedStyle(document.querySelector(".host > summary")).display'), 'grid');
  });

  it('failed hosts are unfolded, and the others stay folded until a click', async () => {
    await browser.look({});
    await open(fleet);
    assert.match(await seen(), /a brace is not closed/);
    assert.equal(await visible('.diff'), 0);
    await browser.evaluate('document.querySelector(".host:not([open]) > summary").click()');
    assert.equal(await visible('.diff'), 4);
    assert.match(await seen(), /smtpd_tls_security_level/);
  });

  it('every host is unfolded on paper', async () => {
    await browser.look({ media: 'print' });
    await open(fleet);
    assert.equal(await visible('.diff'), 4);
    assert.equal(await visible('.host h2'), await browser.evaluate('document.querySelectorAll(".host h2").length'));
    const background = await browser.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.equal(background, 'rgb(255, 255, 255)');
    assert.equal((await browser.pdf()).subarray(0, 5).toString(), '%PDF-');
  });

  it('paper is white even if the screen is dark', async () => {
    await browser.look({ media: 'print', scheme: 'dark' });
    await open(fleet);
    assert.equal(await browser.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)');
  });

  for (const scheme of ['light', 'dark'] as const) {
    it(`every text has a contrast of at least 4.5 in the ${scheme} scheme`, async () => {
      await browser.look({ scheme });
      await open(everything);
      await browser.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      const weak = await browser.evaluate<string[]>(CONTRAST);
      assert.deepEqual(weak, []);
    });
  }

  for (const width of [360, 700]) {
    it(`the page fits a screen of ${width} pixels`, async () => {
      await browser.look({ width });
      await open(everything);
      await browser.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
      assert.equal(await browser.evaluate('document.documentElement.scrollWidth'), width);
    });
  }

  for (const [name, document] of Object.entries(PAGES))
    for (const [how, look] of Object.entries(LOOKS))
      it(`axe-core finds no fault, and nothing is wider than the page: ${name}, ${how}`, async function () {
        this.timeout(300_000); // axe-core looks at every element of forty hosts.
        await browser.look(look);
        await open(document);
        await browser.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
        assert.deepEqual(await axe(), []);
        const width = await browser.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(width <= ('width' in look ? look.width : 1100), String(width));
        const to = process.env['HARDEN_MAIL_PICTURES'];
        if (to === undefined) return;
        mkdirSync(to, { recursive: true });
        await open(document);
        writeFileSync(join(to, `${name}-${how}.png`), await browser.picture());
      });

  /** Rules of WCAG 2 that the page breaks, with the elements. */
  async function axe(): Promise<string[]> {
    await browser.evaluate(`${axeCore.source}; undefined`);
    return browser.evaluate(
      `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`,
    );
  }

  it('the keyboard reaches each host and unfolds it', async () => {
    await browser.look({});
    await open(PAGES['forty-hosts']!);
    const closed = '.host:not([open]) > summary';
    assert.equal(await browser.evaluate(`document.querySelector('${closed}').tabIndex`), 0);
    const reached = await browser.evaluate<boolean>(`(() => {
      const one = document.querySelector('${closed}');
      one.focus();
      return document.activeElement === one && getComputedStyle(one).outlineStyle !== 'none';
    })()`);
    assert.equal(reached, true);
  });

  for (const attack of ATTACKS) {
    it(`the page shows this text of a host and does not run it: ${attack}`, async () => {
      await browser.look({});
      const safe = await elements(everything);
      const { requests } = await open(poisoned(everything, attack));
      assert.equal(requests.length, 1, requests.join());
      assert.equal(await browser.evaluate('window.pwned'), undefined);
      assert.deepEqual(await elements(), safe);
      assert.ok((await browser.evaluate<string>('document.body.textContent')).includes(attack));
      assert.match(await browser.evaluate<string>('location.href'), /^file:/);
    });
  }

  /** Kinds of elements and attributes that there are. */
  async function elements(document?: Document): Promise<string[]> {
    if (document) await open(document);
    return browser.evaluate(
      '[...new Set([...document.querySelectorAll("*")].flatMap((one) => [one.tagName, ...one.getAttributeNames()]))].sort()',
    );
  }

  it('the policy of the page stops a script that is inserted into it', async () => {
    const path = join(folder ?? '', 'spoilt.html');
    writeFileSync(path, page(fleet, VIEWS).replace('<main>', '<main><script>window.pwned = 1</script><img src="https://attacker.test/">')); // oxfmt-ignore
    const { complaints } = await browser.open(pathToFileURL(path).href);
    assert.equal(await browser.evaluate('window.pwned'), undefined);
    assert.match(complaints.join('\n'), /script[^]*Content Security Policy/i);
    assert.match(complaints.join('\n'), /attacker\.test/);
  });

  const to = process.env['HARDEN_MAIL_PICTURES'];
  if (to !== undefined)
    it('pictures of the page are written', async () => {
      mkdirSync(to, { recursive: true });
      for (const scheme of ['light', 'dark'] as const) {
        await browser.look({ scheme });
        await open(fleet);
        await browser.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
        writeFileSync(join(to, `${scheme}.png`), await browser.picture());
      }
      await browser.look({ width: 390 });
      await open(fleet);
      writeFileSync(join(to, 'narrow.png'), await browser.picture());
      await browser.look({ media: 'print' });
      await open(fleet);
      writeFileSync(join(to, 'print.pdf'), await browser.pdf());
    });
});

/** Texts whose contrast (WCAG 2) to the nearest ground that is not transparent is too weak. */
const CONTRAST = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    const color = getComputedStyle(one).backgroundColor;
    return channels(color)[3] === 0 ? ground(one.parentElement) : color;
  };
  return [...document.querySelectorAll('body *')]
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .flatMap((one) => {
      const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      return ratio < 4.5 ? [one.textContent.trim() + ': ' + ratio.toFixed(2)] : [];
    });
})()`;
