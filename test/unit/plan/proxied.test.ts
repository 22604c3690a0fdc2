import assert from 'node:assert/strict';
import type { Listener } from '../../../src/model/index.ts';
import { proxiedPorts } from '../../../src/plan/serving/proxied.ts';
import { host } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const MASTER = '/etc/postfix/master.cf';
const CONF = '/etc/dovecot/dovecot.conf';
const HERE = '192.0.2.1';

interface Given {
  readonly main?: string;
  readonly master?: string;
  readonly dovecot?: string;
  readonly listeners?: readonly Listener[];
}

/** Port and trusted networks, as the plan sees them for a client who connects to HERE. */
function proxied({ main = '', master = '', dovecot = '', listeners = [] }: Given): [number, string | null][] {
  const { snapshot } = host({ [MAIN]: main, [MASTER]: master, [CONF]: dovecot }, { listeners });
  return proxiedPorts(snapshot, HERE).map(({ port, trusted }) => [port, trusted]);
}

const PLAIN = 'smtp inet n - y - - smtpd\n465 inet n - y - - smtpd\n';
const ON_465 = 'smtp inet n - y - - smtpd\n465 inet n - y - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy\n';

describe('plan: ports behind a proxy', () => {
  const cases: Readonly<Record<string, [Given, [number, string | null][]]>> = {
    'a stock host has no proxy': [{ master: PLAIN }, []],
    'main.cf applies to every smtpd': [
      { main: 'smtpd_upstream_proxy_protocol = haproxy\n', master: PLAIN },
      [
        [25, null],
        [465, null],
      ],
    ],
    'the option of an entry applies to this entry only': [{ master: ON_465 }, [[465, null]]],
    'the option of an entry cancels main.cf': [
      {
        main: 'smtpd_upstream_proxy_protocol = haproxy\n',
        master: 'smtp inet n - y - - smtpd -o smtpd_upstream_proxy_protocol=\n465 inet n - y - - smtpd\n',
      },
      [[465, null]],
    ],
    'postscreen has its own setting, and smtpd behind it gets the client from postscreen': [
      {
        main: 'postscreen_upstream_proxy_protocol = haproxy\n',
        master: 'smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n465 inet n - y - - smtpd\n',
      },
      [[25, null]],
    ],
    'a setting of smtpd does not apply to postscreen': [
      {
        main: 'smtpd_upstream_proxy_protocol = haproxy\n',
        master: 'smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n',
      },
      [],
    ],
    'of several entries, the one at the address of the host counts': [
      {
        master: `10.0.0.1:465 inet n - y - - smtpd -o smtpd_upstream_proxy_protocol=haproxy\n${HERE}:465 inet n - y - - smtpd\n`,
      },
      [],
    ],
    'every entry must agree when the host is known by an address that is not its own': [
      { master: '10.0.0.1:465 inet n - y - - smtpd -o smtpd_upstream_proxy_protocol=haproxy\n' },
      [[465, null]],
    ],
    'a proxy on the host itself is contacted like any server': [
      {
        main: 'inet_interfaces = loopback-only\n',
        master: ON_465,
        listeners: [{ address: HERE, port: 465, process: 'haproxy' }],
      },
      [],
    ],
    'a Postfix that holds the address is not mistaken for a proxy': [
      { master: ON_465, listeners: [{ address: '0.0.0.0', port: 465, process: 'master' }] },
      [[465, null]],
    ],
    'each listener of Dovecot has its own setting, with the trusted networks': [
      {
        dovecot:
          'haproxy_trusted_networks = 10.0.0.0/8 192.0.2.7\nservice imap-login {\n inet_listener imap {\n }\n inet_listener imaps {\n  haproxy = yes\n }\n}\nservice pop3-login {\n inet_listener pop3s {\n  haproxy = no\n }\n}\n',
      },
      [[993, '10.0.0.0/8 192.0.2.7']],
    ],
    'a listener with another name and port is found': [
      { dovecot: 'service imap-login {\n inet_listener imap-proxied {\n  haproxy = yes\n  port = 143\n }\n}\n' },
      [[143, '']],
    ],
    'a listener that is off is not listed': [
      { dovecot: 'service pop3-login {\n inet_listener pop3s {\n  haproxy = yes\n  port = 0\n }\n}\n' },
      [],
    ],
    'files that cannot be read list no proxy': [{ master: ON_465, dovecot: 'service x {\n' }, []],
  };
  for (const [what, [given, expected]] of Object.entries(cases))
    it(what, () => {
      assert.deepEqual(proxied(given), expected);
    });
});
