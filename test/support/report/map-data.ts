/** Exposure maps as plain data, for the tests of what is shown of them. Each holds what another does not. */
import type { Danger, Decision, ExposureMap, WayIn } from '../../../src/model/index.ts';
import { CLIENT_CLASSES, DESTINATIONS } from '../../../src/model/index.ts';

const MASTER = '/etc/postfix/master.cf';
const MAIN = '/etc/postfix/main.cf';

type Told = readonly [verdict: Decision['verdict'], why: string, ...checks: string[]];

/** What each class gets, by the first name that fits: `user local`, `user`, `local`, `*`. */
function decisions(told: Readonly<Record<string, Told>>): Decision[] {
  return CLIENT_CLASSES.flatMap((client) =>
    DESTINATIONS.map((destination): Decision => {
      const found = told[`${client} ${destination}`] ?? told[client] ?? told[destination] ?? told['*'];
      if (!found) throw new Error(`nothing is told of ${client} ${destination}`);
      const [verdict, why, ...checks] = found;
      return { client, destination, verdict, checks, why };
    }),
  );
}

const NO_LOGIN: Told = ['no-login', 'AUTH is not offered'];
const NO_USERS = { user: NO_LOGIN, 'user-foreign-sender': NO_LOGIN, 'user-blocked': NO_LOGIN, 'network-user': NO_LOGIN }; // oxfmt-ignore
const MYNETWORKS: Told = ['accepted', 'smtpd_relay_restrictions: permit_mynetworks'];
const NETWORKS = { network: MYNETWORKS, 'network-local-sender': MYNETWORKS };
const DEFER: Told = ['refused', 'smtpd_relay_restrictions: defer_unauth_destination'];
const FREE: Told = ['accepted', 'no restriction decides'];

const mx: WayIn = {
  id: 'smtp/inet',
  daemon: 'postfix',
  program: 'smtpd',
  behind: '',
  addresses: ['*'],
  port: 25,
  file: MASTER,
  line: 12,
  tls: 'optional',
  auth: { offered: 'never', exceptions: '', type: 'dovecot', path: 'private/auth', mechanisms: [] },
  proxy: '',
  filters: [],
  certificates: ['smtpd_tls_cert_file /etc/ssl/certs/mail.pem'],
  decisions: decisions({ ...NO_USERS, ...NETWORKS, local: FREE, relay: DEFER }),
};

const permitUsers: Told = ['accepted', 'smtpd_relay_restrictions: permit_sasl_authenticated'];
const REJECT: Told = ['refused', 'smtpd_client_restrictions: reject'];
const USERS_ONLY = {
  ...{
    user: permitUsers,
    'user-foreign-sender': permitUsers,
    'user-blocked': permitUsers,
    'network-user': permitUsers,
  },
  '*': REJECT,
};
const submissions: WayIn = {
  ...mx,
  id: 'submissions/inet',
  port: 465,
  line: 39,
  tls: 'implicit',
  auth: { ...mx.auth, offered: 'inside-tls', mechanisms: ['plain', 'login'] },
  decisions: decisions(USERS_ONLY),
};

const imap: WayIn = {
  id: 'imap-login/imap',
  daemon: 'dovecot',
  program: 'imap-login',
  behind: '',
  addresses: ['*'],
  port: 143,
  file: '/etc/dovecot/conf.d/10-master.conf',
  line: 19,
  tls: 'required',
  auth: { offered: 'inside-tls', exceptions: '', type: 'dovecot', path: 'passdb pam', mechanisms: ['plain'] },
  proxy: '',
  filters: [],
  certificates: ['ssl_cert /etc/dovecot/private/dovecot.pem'],
  decisions: [],
};

const plain: ExposureMap = {
  ways: [],
  sockets: [],
  out: [],
  networks: '127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128',
  dangers: [],
};
const out = { id: 'smtp/unix', program: 'smtp', tls: 'may', file: MASTER, line: 61 };
const socket = {
  path: '/var/spool/postfix/private/auth',
  kind: 'unix',
  mode: '0660',
  user: 'postfix',
  group: 'postfix',
  file: '/etc/dovecot/conf.d/10-master.conf',
  line: 102,
} as const;
const danger = (id: string, text: string, hint: string, file = MASTER, line = 12): Danger => ({ id, text, file, line, hint }); // oxfmt-ignore

const BLOCKED: Told = ['refused', 'smtpd_sender_restrictions: check_sasl_access hash:/etc/postfix/blocked'];
const POLICY: Told = ['accepted', 'smtpd_relay_restrictions: permit_sasl_authenticated', 'check_sasl_access hash:/etc/postfix/blocked', 'check_policy_service unix:private/policyd-rate']; // oxfmt-ignore

export const MAPS: Readonly<Record<string, ExposureMap>> = {
  'nothing is installed': { ...plain, networks: '' },
  'a stock host': { ...plain, ways: [mx, imap], out: [out] },
  'submission and its socket': { ...plain, ways: [mx, submissions], sockets: [socket], out: [{ ...out, tls: 'dane' }] },
  'owned senders, a block list and a policy service': {
    ...plain,
    ways: [
      {
        ...submissions,
        id: '10.8.0.1:submission/inet',
        addresses: ['10.8.0.1', 'fd00::1'],
        port: 587,
        tls: 'required',
        decisions: decisions({
          ...USERS_ONLY,
          user: POLICY,
          'network-user': POLICY,
          'user-foreign-sender': ['refused', 'smtpd_sender_restrictions: reject_authenticated_sender_login_mismatch'],
          'user-blocked': BLOCKED,
          'stranger-local-sender': ['refused', 'smtpd_sender_restrictions: reject_sender_login_mismatch'],
        }),
      },
    ],
  },
  'an allowlist, and a value that only Postfix can expand': {
    ...plain,
    ways: [
      {
        ...mx,
        decisions: decisions({
          ...NO_USERS,
          local: FREE,
          relay: [
            'checked',
            'smtpd_relay_restrictions: reject_unauth_destination',
            'check_client_access cidr:/etc/postfix/partners',
          ],
        }),
      },
      {
        ...mx,
        id: 'odd/inet',
        port: null,
        line: 30,
        decisions: decisions({ '*': ['unknown', 'smtpd_relay_restrictions = ${stress?yes}'] }),
      },
    ],
  },
  'postscreen, a proxy, filters, several certificates': {
    ...plain,
    ways: [
      {
        ...mx,
        id: 'smtpd/pass',
        behind: 'postscreen',
        proxy: 'haproxy',
        filters: [
          'content_filter smtp-amavis:[127.0.0.1]:10024',
          'no_address_mappings',
          'smtpd_milters inet:localhost:11332, unix:/run/opendkim/opendkim.sock, inet:localhost:8893',
        ],
        certificates: [
          'smtpd_tls_cert_file /etc/letsencrypt/live/mx1.example.test/fullchain.pem',
          'smtpd_tls_eccert_file /etc/letsencrypt/live/mx1.example.test-ecdsa/fullchain.pem',
        ],
      },
    ],
  },
  'everything that is dangerous': {
    ways: [
      {
        ...mx,
        auth: { ...submissions.auth, offered: 'always', exceptions: '192.0.2.0/24' },
        tls: 'none',
        decisions: decisions({ '*': FREE }),
      },
      {
        ...mx,
        id: '127.0.0.1:10025/inet',
        addresses: ['127.0.0.1'],
        port: 10025,
        line: 70,
        auth: { ...mx.auth, offered: 'inside-tls' },
      },
      { ...imap, tls: 'optional', auth: { ...imap.auth, offered: 'always' } },
      {
        ...imap,
        id: 'pop3-login/pop3',
        program: 'pop3-login',
        port: 110,
        line: 29,
        tls: 'optional',
        auth: { ...imap.auth, offered: 'always' },
      },
    ],
    sockets: [
      { ...socket, mode: '0666' },
      { ...socket, path: 'inet:*:12345', kind: 'inet', mode: '', user: 'root', group: 'root', line: 110 },
    ],
    out: [{ ...out, tls: 'none' }],
    networks: '127.0.0.0/8, 0.0.0.0/0',
    dangers: [
      danger(
        'open-relay',
        'smtp/inet relays for everybody: an open relay',
        'smtpd_relay_restrictions must end in reject_unauth_destination',
      ),
      danger(
        'wide-mynetworks',
        'mynetworks holds 0.0.0.0/0: every client there relays without a login',
        'List only the host itself and your own networks',
        MAIN,
        4,
      ),
      danger(
        'auth-on-reinjection',
        '127.0.0.1:10025/inet listens on the host itself and offers AUTH: programs of the host can try passwords there',
        '-o smtpd_sasl_auth_enable=no',
        MASTER,
        70,
      ),
      danger('plaintext-logins', 'smtp/inet accepts passwords before TLS', 'smtpd_tls_auth_only = yes'),
      danger(
        'plaintext-logins',
        'imap-login/imap accepts passwords before TLS',
        'disable_plaintext_auth = yes',
        imap.file,
        imap.line,
      ),
      danger(
        'plaintext-logins',
        'pop3-login/pop3 accepts passwords before TLS',
        'disable_plaintext_auth = yes',
        imap.file,
        29,
      ),
      danger(
        'any-sender',
        'smtp/inet: a user who has logged in may send under any address',
        'smtpd_sender_login_maps and reject_authenticated_sender_login_mismatch limit each user to their own addresses',
      ),
      danger(
        'open-auth-socket',
        'every local user can try passwords on the socket /var/spool/postfix/private/auth (mode 0666)',
        'mode = 0660 with user and group postfix is enough',
        socket.file,
        socket.line,
      ),
    ],
  },
  'a host that draws on terminals': {
    ...plain,
    networks: '127.0.0.0/8 \u001b[2J',
    ways: [
      {
        ...imap,
        id: 'imap-login/\u202eimap',
        auth: { ...imap.auth, path: 'passdb \u001b]0;pwned\u0007' },
        certificates: ['ssl_cert /etc/<b>&.pem'],
      },
    ],
    dangers: [danger('plaintext-logins', '\u009b31mred', '\u202ehint', '/etc/\u001b[1A', 1)],
  },
};
