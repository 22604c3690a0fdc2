import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';

import { composePart } from '../../../src/plan/partial.ts';
import { TASKS, type Listener, type TaskName } from '../../../src/model/index.ts';
import { cases } from '../../support/plan/cases.ts';
import { host } from '../../support/plan/host.ts';

const stock = cases().find(({ title }) => title === 'recipe/stock-debian-12')!;
const FILES = Object.fromEntries(Object.values(stock.snapshot.files).map(({ path, bytes }) => [path, bytes]));
const MAIN = '/etc/postfix/main.cf';
const MASTER = '/etc/postfix/master.cf';

const OURS = { address: '0.0.0.0', port: 25, process: 'master', ours: true } as const;
const other = (port: number, address = '0.0.0.0'): Listener => {
  return { address, port, process: 'master', ours: false, instance: '/etc/postfix-out' };
};

interface Given {
  readonly listeners: readonly Listener[];
  readonly main?: string;
  readonly master?: string;
  readonly profile?: 'strict';
}

/** The error that the plan ends with; null where it does not. */
function refusal(
  { listeners, main = '', master = '', profile }: Given,
  tasks: readonly TaskName[] = TASKS,
): HardenMailError | null {
  const files = { ...FILES, [MAIN]: `${FILES[MAIN]}${main}`, [MASTER]: `${FILES[MASTER]}${master}` };
  const { snapshot, policy } = host(files, { listeners, ...(profile && { policy: { profile } }) });
  try {
    composePart(snapshot, policy, tasks);
    return null;
  } catch (error) {
    assert.ok(error instanceof HardenMailError, String(error));
    return error;
  }
}

describe('plan: programs that hold the ports', () => {
  const refused: Readonly<Record<string, [Given, RegExp]>> = {
    'another instance on 465': [
      { listeners: [OURS, other(465)] },
      /^port 465 is held by another Postfix instance, \/etc\/postfix-out: both would listen there/,
    ],
    'another instance whose folder is not known': [
      { listeners: [OURS, { ...other(465), instance: '' }] },
      /^port 465 is held by another Postfix instance: both/,
    ],
    'another instance on 465 at one address': [{ listeners: [OURS, other(465, '10.0.0.2')] }, /^port 465 /],
    'another instance on 465, IPv6 only': [{ listeners: [OURS, other(465, '[::]')] }, /^port 465 /],
    'another instance on 25': [{ listeners: [OURS, other(25)] }, /^port 25 is held by another Postfix instance/],
    'another instance on 587, with strict': [{ listeners: [OURS, other(587)], profile: 'strict' }, /^port 587 /],
    'another instance on an existing entry': [
      { listeners: [OURS, other(465)], master: '465 inet n - y - - smtpd\n' },
      /^port 465 /,
    ],
    'another mail server on 25': [
      { listeners: [{ address: '*', port: 25, process: 'exim4' }] },
      /^port 25 is held by exim4, so Postfix cannot listen there$/,
    ],
    'a program on the address of inet_interfaces': [
      {
        listeners: [{ address: '10.0.0.1', port: 465, process: 'haproxy' }],
        main: 'inet_interfaces = $own, localhost\nown = 10.0.0.1\n',
      },
      /^port 465 is held by haproxy/,
    ],
    'a program on 465 with a host name in inet_interfaces': [
      { listeners: [{ address: '10.0.0.1', port: 465, process: 'haproxy' }], main: 'inet_interfaces = $myhostname\n' },
      /^port 465 is held by haproxy/,
    ],
  };
  for (const [what, [given, message]] of Object.entries(refused))
    it(`the plan is refused with ${what}`, () => {
      const error = refusal(given);
      assert.equal(error?.code, 'PORT_BUSY');
      assert.match(error.message, message);
      assert.match(error.hint, /^Nothing was written\. /);
    });

  const taken: Readonly<Record<string, Given>> = {
    'its own master': { listeners: [OURS, { ...OURS, port: 465 }, { ...OURS, address: '[::]' }] },
    'an unknown master': { listeners: [{ address: '0.0.0.0', port: 465, process: 'master' }] },
    'an unknown listener': { listeners: [{ address: '0.0.0.0', port: 465, process: '' }] },
    'another instance on 587, with standard': { listeners: [OURS, other(587)] },
    'another instance on a port that is not for mail': { listeners: [OURS, other(2525)] },
    'another instance at an address that this one does not use': {
      listeners: [{ ...OURS, address: '10.0.0.1' }, other(25, '10.0.0.2'), other(465, '10.0.0.2')],
      main: 'inet_interfaces = 10.0.0.1\n',
    },
    'another instance beside an entry with an address of its own': {
      listeners: [OURS, other(465, '10.0.0.2')],
      master: '10.0.0.1:465 inet n - y - - smtpd\n',
    },
    'a proxy on the public address and Postfix on the loopback': {
      listeners: [{ address: '10.0.0.1', port: 25, process: 'haproxy' }],
      main: 'inet_interfaces = loopback-only\n',
    },
  };
  for (const [what, given] of Object.entries(taken))
    it(`the plan is made with ${what}`, () => {
      assert.equal(refusal(given), null);
    });

  it('tasks that open no port are planned nevertheless', () => {
    assert.equal(refusal({ listeners: [OURS, other(465)] }, ['install', 'certbot']), null);
  });
});
