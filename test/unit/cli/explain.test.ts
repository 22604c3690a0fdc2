import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { HardenMailError } from '../../../src/model/errors.ts';
import { explain, listSettings } from '../../../src/cli/explain.ts';
import type { Fragment } from '../../../src/fragments/fragment.ts';
import { FRAGMENTS } from '../../../src/fragments/index.ts';
import { satisfies } from '../../../src/formats/versions.ts';
import { PROFILES, TASKS } from '../../../src/model/index.ts';
import { RECIPE } from '../../../src/tasks/index.ts';

const ids = FRAGMENTS.map(({ id }) => id);

describe('cli: explain', () => {
  it('explain shows every part of each record', () => {
    for (const { id, why, source, task, recipe } of FRAGMENTS) {
      const text = explain(id);
      assert.equal(text.split('\n')[0], id);
      for (const part of [why, source, task, ...recipe]) assert.ok(text.includes(part), `${id}: ${part}`);
      assert.doesNotMatch(text, /undefined|\[object|^ {2}\w+ *$/m, id);
    }
  });

  it('explain accepts the name that the manual uses and shows every place of the setting', () => {
    const text = explain('smtpd_tls_auth_only');
    assert.deepEqual(text.match(/^\S.*$/gm), [
      'master.cf:25:smtpd_tls_auth_only',
      'main.cf:smtpd_tls_auth_only',
      'strict:master.cf:587:smtpd_tls_auth_only',
    ]);
    assert.match(explain('strict:master.cf:25:smtpd_tls_security_level'), /versions +with --require-tls-inbound$/m);
    assert.match(explain('smtpd_helo_required'), /task +sasl, from profile strict on$/m);
    assert.match(explain('ssl_cert'), /versions +Dovecot <2\.4, unless a valid certificate of your own stays$/m);
    assert.match(explain('dovecot:ssl'), /versions +all$/m);
    assert.match(explain('dovecot:auth-socket:mode'), /service auth › unix_listener {auth_socket}/);
  });

  it('explain suggests names that are similar to an unknown one', () => {
    const hint = (setting: string): string => {
      try {
        explain(setting);
      } catch (error) {
        assert.ok(error instanceof HardenMailError && error.code === 'USAGE');
        assert.ok(error.message.includes(JSON.stringify(setting)), error.message);
        return error.hint;
      }
      throw new Error(`${setting} is known`);
    };
    assert.equal(hint('AUTH_ONLY'), 'Did you mean smtpd_tls_auth_only?');
    assert.match(hint('smtpd_tls_cert'), /smtpd_tls_cert_file/);
    assert.match(hint('myhostname'), /without a name lists all settings/);
    assert.match(hint('toString'), /without a name lists all settings/);
    assert.match(hint('\u001b[31m'), /without a name lists all settings/);
  });

  it('explain without a name lists every record once, with its task', () => {
    const lines = listSettings().split('\n');
    assert.deepEqual(
      lines.map((line) => line.trim().split(/\s+/)),
      FRAGMENTS.map(({ task, id }) => [task, id]),
    );
  });
});

describe('cli: the records of the settings', () => {
  it('each record has an identifier of its own', () => assert.deepEqual([...new Set(ids)], ids));

  it('each record belongs to the task that carries it out, in the order of the recipe', () => {
    for (const { name, fragments } of RECIPE) for (const { id, task } of fragments ?? []) assert.equal(task, name, id);
    for (const wanted of PROFILES) {
      const all = FRAGMENTS.filter(({ profile }) => profile === wanted);
      assert.deepEqual(
        RECIPE.flatMap(({ fragments = [] }) => fragments.filter(({ profile }) => profile === wanted)),
        all,
      );
      const order = all.map(({ task }) => TASKS.indexOf(task));
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      );
    }
  });

  it('each record gives a reason and a source, as sentences', () => {
    for (const { id, why, source } of FRAGMENTS) {
      assert.match(why, /^[A-Z"].{10,}[.)]$/, id);
      assert.match(source, /postconf\(5\)|README|RFC \d+|documentation|master\(5\)|Postfix's own/, id);
    }
  });

  it('each placeholder in a record is one that the program fills in', () => {
    for (const { id, merge, place } of FRAGMENTS) {
      const texts = ['value' in merge ? merge.value : '', ...(place.in === 'dovecot' ? place.block : [])];
      for (const [, name = ''] of texts.join(' ').matchAll(/(?<!\$)\{(\w+)\}/g)) {
        const known = 'cert key chains dovecot_cert dovecot_key domain lineage sasl_path auth_socket name'.split(' ');
        assert.ok(known.includes(name), `${id}: {${name}}`);
      }
    }
  });

  it('no two records set the same setting in the same place for one version', () => {
    const versions = ['3.1.0', '3.4.23', '3.5.19', '3.5.25', '3.6.0', '3.7.8', '3.7.11', '3.8.4', '3.10.13', '3.11.7'];
    const holds = ({ when }: Fragment, version: string): boolean =>
      when?.postfix === undefined || satisfies(version, when.postfix);
    for (const version of versions) {
      const places = FRAGMENTS.filter(({ place, merge }) => place.in !== 'dovecot' && merge.how !== 'service')
        .filter((fragment) => holds(fragment, version) && fragment.when?.noMap === undefined)
        // What is asked for is raised further, by a fragment of its own.
        .filter(({ when }) => when?.asked === undefined && when?.sni !== false)
        .map(({ place, setting, profile }) => `${profile} ${JSON.stringify(place)} ${setting}`);
      assert.deepEqual([...new Set(places)], places, version);
    }
  });
});

describe('cli: the recipe', () => {
  const text = readFileSync(new URL('./recipe-settings.txt', import.meta.url), 'utf8');
  const chapters = text
    .split('\n\n')
    .filter((chapter) => chapter.startsWith('/'))
    .map((chapter) => chapter.trim().split('\n'));

  for (const [file = '', ...lines] of chapters) {
    for (const line of lines) {
      it(`a record carries out this line of ${file}: ${line.trim()}`, () => {
        const carriers = FRAGMENTS.filter(({ recipe }) => recipe.includes(line.trim()));
        assert.notDeepEqual(carriers, [], 'no record carries this line out');
        const places = carriers.map(({ place }) => (place.in === 'dovecot' ? place.home : `/etc/postfix/${place.in}`));
        assert.ok(places.includes(file), `it is carried out in ${places.join(', ')} only`);
      });
    }
  }

  it('every line that a record quotes is a line of the recipe', () => {
    const known = new Set(chapters.flatMap(([, ...lines]) => lines.map((line) => line.trim())));
    for (const { id, recipe } of FRAGMENTS) for (const line of recipe) assert.ok(known.has(line), `${id}: ${line}`);
  });
});
