import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import type { Action, Change, Refusal } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { foresee } from '../../../src/plan/upgrade/foresee.ts';
import { assertAccepted } from '../../../src/plan/as-found/refused.ts';
import { cases } from '../../support/plan/cases.ts';
import { host } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const LOCAL = '/etc/dovecot/local.conf';
const FILES = {
  [MAIN]: 'myhostname = mx1.example.test\nmessage_size_limit = many\n',
  '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n',
  '/etc/dovecot/dovecot.conf': '!include_try local.conf\n',
  [LOCAL]: 'ssl_cert = </gone.pem\n',
};
const MISSING = "Error in configuration file /etc/dovecot/local.conf line 1: ssl_cert: Can't open file /gone.pem";

const refusedBy = (daemon: Refusal['daemon'], text: string) => host(FILES, { refusals: [{ daemon, text }] }).snapshot;
const changing = (after: string): { actions: []; settings: []; changes: Change[] } => ({
  actions: [],
  settings: [],
  changes: [{ path: LOCAL, target: LOCAL, before: FILES[LOCAL], after, sha256: '', mode: '0644', owner: 'root:root' }],
});
const stops = (work: () => unknown, message: RegExp, hint = /^Nothing was written\. /): void =>
  assert.throws(
    work,
    (error: unknown) =>
      error instanceof HardenMailError &&
      error.code === 'CONFIG_INVALID' &&
      message.test(error.message) &&
      hint.test(error.hint),
  );

describe('plan: files that a daemon refuses as found', () => {
  const SAID: readonly (readonly [Refusal['daemon'], string, RegExp])[] = [
    ['dovecot', 'Error in configuration file /etc/dovecot/conf.d/10-auth.conf line 121: ssl: Invalid value: maybe', /^Dovecot refuses its files as they are: \/etc\/dovecot\/conf\.d\/10-auth\.conf:121: ssl: Invalid value: maybe$/], // oxfmt-ignore
    ['dovecot', "Error in configuration file /etc/dovecot/dovecot.conf: Missing '}' (section started at /etc/dovecot/local.conf:7)", /: \/etc\/dovecot\/local\.conf:7: Missing '\}' \(the block that begins here\)$/], // oxfmt-ignore
    ['postfix', '/etc/postfix/main.cf, line 89: missing \'=\' after attribute name: "abc"', /^Postfix refuses its files as they are: \/etc\/postfix\/main\.cf:89: missing '='/], // oxfmt-ignore
    ['postfix', 'bad numerical configuration: message_size_limit = many', /: \/etc\/postfix\/main\.cf:2: bad numerical configuration: message_size_limit = many$/], // oxfmt-ignore
    ['postfix', 'file /etc/postfix/main.cf: parameter myhostname: bad parameter value: -', /: \/etc\/postfix\/main\.cf:1: /], // oxfmt-ignore
    ['postfix', 'malformed thing', /: malformed thing$/],
  ];
  for (const [daemon, text, message] of SAID)
    it(`the plan stops with the words of the daemon and their place: ${text}`, () =>
      stops(() => assertAccepted(refusedBy(daemon, text), null), message));

  it('a missing certificate does not stop a plan that requests it, and stops a plan that requests another one', () => {
    const request = (name: string): Action => ({
      kind: 'certificate',
      name,
      domain: name,
      domains: [name],
      challenge: 'standalone',
      request: {},
    });
    const gone = MISSING.replace('/gone.pem', '/etc/letsencrypt/live/mx1/fullchain.pem: No such file or directory');
    const snapshot = refusedBy('dovecot', gone);
    const plan = (name: string) => ({ actions: [request(name)], settings: [], changes: [] });
    assertAccepted(snapshot, plan('mx1'));
    stops(() => assertAccepted(snapshot, plan('mx2')), /Can't open file/);
  });

  it('a refusal stops every plan, whatever else is wrong', () => {
    const stock = cases().find(({ title }) => title === 'recipe/stock-debian-12')!;
    const { snapshot, policy } = stock;
    const refusals: Refusal[] = [{ daemon: 'dovecot', text: 'Error in configuration file /x line 1: Expecting {' }];
    const facts = { ...snapshot.facts, refusals };
    stops(() => compose({ ...snapshot, facts }, policy), /^Dovecot refuses its files as they are: \/x:1: /);
    const taken = { ...facts, listeners: [{ address: '0.0.0.0', port: 465, process: 'stunnel' }] };
    stops(() => compose({ ...snapshot, facts: taken }, policy), /^Dovecot refuses its files as they are: /);
    stops(() => foresee({ ...snapshot, facts }, policy, 'trixie', 'mx1', []), /^Dovecot refuses its files as they are/);
  });

  it('a refusal does not stop a plan that changes the line named by the daemon', () => {
    assertAccepted(refusedBy('dovecot', MISSING), changing('ssl_cert = </etc/letsencrypt/live/a/fullchain.pem\n'));
    stops(() => assertAccepted(refusedBy('dovecot', MISSING), changing(`${FILES[LOCAL]}ssl = required\n`)), /local.conf:1: /); // oxfmt-ignore
  });

  it('a refusal does not stop the conversion of files of Dovecot 2.3 under 2.4', () => {
    const files = { ...FILES, [MAIN]: 'myhostname = mx1.example.test\n', [LOCAL]: 'disable_plaintext_auth = no\n' };
    const text = 'Error in configuration file /etc/dovecot/dovecot.conf line 1: The first setting must be dovecot_config_version'; // oxfmt-ignore
    const packages = { 'dovecot-core': { version: '1:2.4.1+dfsg1-6', status: 'installed' } };
    const upgraded = host(files, { dovecot: '2.4.1', packages, refusals: [{ daemon: 'dovecot', text }] });
    assert.ok(compose(upgraded.snapshot, upgraded.policy).changes.length > 0);
  });

  it('secrets in the words of the daemon are masked', () => {
    const text = '/etc/postfix/main.cf, line 3: missing \'=\' after attribute name: "x password=hunter2"';
    stops(() => assertAccepted(refusedBy('postfix', text), null), /^(?!.*hunter2)/);
  });

  it('a refusal of a daemon without files does not count', () => {
    const { snapshot } = host(
      {},
      { refusals: [{ daemon: 'postfix', text: 'open /etc/postfix/main.cf: No such file' }] },
    );
    assertAccepted(snapshot, null);
  });
});
