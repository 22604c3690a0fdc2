/** What is shown of an exposure map: in a terminal, and on the page. Each map of map-data.ts is a case; maps/ holds the texts. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Chalk } from 'chalk';
import { mapIfReadable, mapOf } from '../../../src/compute/mapping.ts';
import { dangerNotes } from '../../../src/run/danger-notes.ts';
import { CLIENT_CLASSES, dangersThatCount, type ClientClass, type ExposureMap } from '../../../src/model/index.ts';
import { escape } from '../../../src/report/escape.ts';
import { mapLines } from '../../../src/report/map-lines.ts';
import { clientNames } from '../../../src/report/map-words.ts';
import { page } from '../../../src/report/page.ts';
import { wrap } from '../../../src/report/wrap.ts';
import { cases } from '../../support/plan/cases.ts';
import { host } from '../../support/plan/host.ts';
import { documentOf } from '../../support/report/documents.ts';
import { MAPS } from '../../support/report/map-data.ts';
import { result } from '../../support/report/results.ts';
import { endingLine, VIEWS } from '../../support/report/views.ts';

const plain = new Chalk({ level: 0 });
const coloured = new Chalk({ level: 1 });
const textOf = (map: ExposureMap): string => `${mapLines(map, plain).join('\n')}\n`;

describe('report: map, in a terminal', () => {
  for (const [name, map] of Object.entries(MAPS)) {
    it(`${name}: the text is the one in maps/`, () => {
      const path = new URL(`maps/${name.replace(/\W+/g, '-')}.txt`, import.meta.url);
      // To accept a new text: delete the file, run, and read what is written.
      if (!existsSync(path)) {
        writeFileSync(path, textOf(map));
        assert.fail(`${path.pathname} was not there. It is written: read it, and run again.`);
      }
      assert.equal(textOf(map), readFileSync(path, 'utf8'));
    });

    it(`${name}: no line is wider than 80 columns unless it is a single word`, () => {
      const wide = textOf(map)
        .split('\n')
        .filter((line) => line.length > 80 && line.trim().includes(' '));
      assert.deepEqual(wide, []);
    });

    it(`${name}: colours change only the look`, () => {
      const seen = mapLines(map, coloured)
        .join('\n')
        .replace(/\u001b\[\d+m/g, '');
      assert.equal(`${seen}\n`, textOf(map));
    });
  }

  it('each danger is below everything else, with its place and the next step', () => {
    const map = MAPS['everything that is dangerous']!;
    const lines = mapLines(map, plain);
    const from = lines.indexOf('Dangers');
    const told = lines.slice(from).join(' ').replace(/\s+/g, ' ');
    for (const { text, file, line, hint } of dangersThatCount(map)) {
      for (const one of [text, `${file}:${line}`, hint]) assert.ok(told.includes(one), one);
    }
    assert.equal(lines.slice(from).filter((line) => line.startsWith('  ✖ ')).length, 7);
    assert.ok(lines.indexOf('Information') < from);
  });

  it('information is marked as such and not counted', () => {
    const { dangers } = MAPS['everything that is dangerous']!;
    const map = { ...MAPS['a stock host']!, dangers: dangers.filter(({ id }) => id === 'any-sender') };
    assert.match(textOf(map), /Information\n {2}· smtp\/inet: a user who has logged in may send under any address\n/);
    assert.doesNotMatch(textOf(map), /Dangers/);
    assert.deepEqual(endingLine(result({ kind: 'mapped', map }), plain), [
      'mx1  2 ways in, no danger found. Nothing was written.',
    ]);
  });

  const endings: readonly [name: keyof typeof MAPS, line: string][] = [
    ['nothing is installed', 'mx1  no way in, no danger found. Nothing was written.'],
    ['a stock host', 'mx1  2 ways in, no danger found. Nothing was written.'],
    ['everything that is dangerous', 'mx1  4 ways in, 7 dangers. Nothing was written.'],
    ['a host that draws on terminals', 'mx1  1 way in, 1 danger. Nothing was written.'],
  ];
  for (const [name, line] of endings) {
    it(`the last line counts the entry points and the dangers: ${name}`, () => {
      assert.deepEqual(endingLine(result({ kind: 'mapped', map: MAPS[name]! }), plain), [line]);
    });
  }

  it('no control character of a host reaches the terminal', () => {
    const text = textOf(MAPS['a host that draws on terminals']!);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    assert.match(text, /\\u\{202e\}hint/);
  });
});

describe('report: map, the names of clients', () => {
  const names: readonly [classes: readonly ClientClass[], name: string][] = [
    [CLIENT_CLASSES, 'everybody'],
    [['stranger', 'network', 'stranger-local-sender', 'network-local-sender'], 'everybody without a login'],
    [['user', 'network-user', 'user-blocked', 'user-foreign-sender'], 'every user with a login'],
    [['stranger'], 'a stranger'],
    [['stranger', 'stranger-local-sender'], 'a stranger'],
    [['stranger-local-sender'], 'a stranger with a local sender'],
    [['stranger', 'network'], 'a stranger, a client in mynetworks'],
    [['user', 'network-user'], 'a user, own sender, a user in mynetworks'],
    [['user', 'user-foreign-sender'], 'a user, any sender'],
    [['user-foreign-sender'], "a user, somebody else's sender"],
    [['user-blocked'], 'a blocked user'],
  ];
  for (const [classes, name] of names) {
    it(`${classes.join(', ')} is shown as "${name}"`, () => assert.equal(clientNames(classes), name));
  }
});

describe('report: map, on the page', () => {
  for (const [name, map] of Object.entries(MAPS)) {
    it(`${name}: the page has every entry, place, check and danger, and no text of a host is HTML`, () => {
      const text = page(documentOf([result({ kind: 'mapped', map })], { command: 'map', exit: 0 }), VIEWS);
      const seen = text.replace(/<style>.*?<\/style>/s, '').replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replace(/\s+/g, ' '); // oxfmt-ignore
      const { ways, sockets, out, dangers } = map;
      const places = [...ways, ...sockets, ...out, ...dangers].map(({ file, line }) => `${file}:${line}`);
      const checks = ways.flatMap(({ decisions }) => decisions.flatMap((one) => one.checks));
      const texts = [...dangers.flatMap(({ text: what, hint }) => [what, hint]), ...ways.map(({ id }) => id), ...sockets.map(({ path }) => path)]; // oxfmt-ignore
      for (const one of [...places, ...checks, ...texts]) assert.ok(seen.includes(escape(one)), one);
      assert.doesNotMatch(text, /<b>&/);
      assert.match(seen, new RegExp(`${ways.length || 'no'} ways? in · `));
    });
  }

  it('dangers are shown before the entry points', () => {
    const text = page(documentOf([result({ kind: 'mapped', map: MAPS['everything that is dangerous']! })], { command: 'map' }), VIEWS); // oxfmt-ignore
    assert.ok(text.indexOf('>Dangers<') < text.indexOf('>mynetworks<'));
  });
});

describe('report: map, from the files of real hosts', () => {
  for (const { title, snapshot } of cases().filter(({ title }) => /^(recipe|strict)\//.test(title))) {
    it(`${title}: every entry point and every danger is shown within 80 columns`, () => {
      let map: ExposureMap;
      try {
        map = mapOf(snapshot);
      } catch {
        return; // Files that the daemons refuse have no map; test/cases says why.
      }
      const text = textOf(map);
      for (const { id, file, line } of map.ways) {
        assert.ok(text.includes(escape(id)), id);
        assert.ok(text.includes(`${file}:${line}`), `${file}:${line}`);
      }
      const words = text.replace(/\s+/g, ' ');
      for (const { text: what } of map.dangers) assert.ok(words.includes(escape(what)), what);
      assert.deepEqual(
        text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' ')),
        [],
      );
    });
  }
});

describe('exposure: the map', () => {
  it('a password in the arguments of a user database is masked', () => {
    const { snapshot } = host({
      '/etc/dovecot/dovecot.conf':
        'protocols = imap\npassdb {\n  driver = static\n  args = nopassword=y password=hunter2\n}\n',
    });
    const map = mapOf(snapshot);
    assert.match(map.ways[0]?.auth.path ?? '', /^passdb static nopassword=y password=\*{8}$/);
    assert.doesNotMatch(JSON.stringify(map), /hunter2/);
  });
});

describe('exposure: dangers as notes of check', () => {
  it('each danger is a warning with its place and the next step, and information is not', () => {
    const notes = dangerNotes(MAPS['everything that is dangerous']!);
    assert.equal(notes.length, 7);
    assert.ok(notes.every(({ level }) => level === 'warning'));
    assert.deepEqual(notes[0], {
      task: 'sasl',
      level: 'warning',
      text: 'danger: smtp/inet relays for everybody: an open relay (/etc/postfix/master.cf:12). smtpd_relay_restrictions must end in reject_unauth_destination',
    });
    assert.deepEqual([dangerNotes(MAPS['a stock host']!), dangerNotes(null)], [[], []]);
  });

  it('files that the daemons refuse have no map, and this is no failure of check', () => {
    const { snapshot } = host({ '/etc/dovecot/dovecot.conf': 'service auth {\n' });
    assert.equal(mapIfReadable(snapshot), null);
    assert.throws(() => mapOf(snapshot), { code: 'CONFIG_INVALID' });
  });
});

describe('report: doctor with dangers', () => {
  const diagnosis = { check: 'danger', text: 'an open relay', hint: 'close it', exit: 0, seconds: 0 };
  const ending = (...statuses: ('ok' | 'warn' | 'fail')[]): string[] =>
    endingLine(result({ kind: 'examined', diagnoses: statuses.map((status) => ({ ...diagnosis, status })) }), plain);

  it('a danger has a sign of its own and the next step, and does not block an apply', () => {
    assert.deepEqual(ending('warn'), [
      '  ! danger       0.00 s  an open relay',
      '      → close it',
      'mx1  ok: nothing is in the way of an apply; 1 danger found. Nothing was written.',
    ]);
  });

  it('obstacles and dangers are counted separately', () => {
    assert.equal(
      ending('fail', 'warn', 'warn').at(-1),
      'mx1  failed: 1 thing is in the way of an apply; 2 dangers found. Nothing was written.',
    );
  });
});

describe('report: wrap', () => {
  it('lines break at blanks and are indented, and a long word stays whole', () => {
    assert.deepEqual(wrap('one two three', 9, '- ', '  '), ['- one two', '  three']);
    assert.deepEqual(wrap('a looooooooong b', 5), ['a', 'looooooooong', 'b']);
    assert.deepEqual(wrap('', 5, '> '), ['> ']);
  });
});
