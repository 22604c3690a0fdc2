import { UPGRADES } from '../../debian/releases.ts';
import { KEY_TYPES, PROFILES, REPLACEABLE, SERVICES } from '../../model/index.ts';
import type { OptionRecord } from './option-record.ts';

/** The wanted state of a host. */
export const HARDENING_OPTIONS = {
  domain: {
    type: 'string',
    group: 'Hardening',
    value: 'D',
    describe:
      "the certificate's main name; default: the name that the host's Postfix uses, or a name of the valid certificate that it serves",
  },
  domains: {
    type: 'string',
    group: 'Hardening',
    value: 'A,B',
    describe: 'additional names for the certificate, separated by commas; its present names stay',
  },
  webroot: {
    type: 'string',
    group: 'Hardening',
    value: 'DIR',
    describe:
      'folder on the host that its web server serves for these names; default: the one that nginx or Apache is found to serve',
    only: ['apply'],
  },
  'pre-hook': {
    type: 'string',
    group: 'Hardening',
    value: 'COMMAND',
    describe:
      'command that certbot runs on the host before it uses port 80 itself, also at renewals: it should stop the program on that port',
    only: ['apply', 'doctor'],
  },
  'post-hook': {
    type: 'string',
    group: 'Hardening',
    value: 'COMMAND',
    describe: 'command that certbot runs afterwards, also after a failure',
    only: ['apply', 'doctor'],
  },
  'key-type': {
    type: 'string',
    group: 'Hardening',
    describe:
      "the certificate's key type; a certificate with another type is reissued; default: the present type, else certbot's default",
    choices: KEY_TYPES,
    only: ['apply', 'check', 'rehearse'],
  },
  cert: {
    type: 'string',
    group: 'Hardening',
    value: 'FILE',
    describe:
      'your own certificate with its chain, a path on the host, together with --key; default: a valid certificate that is served stays, else certbot gets one',
  },
  key: {
    type: 'string',
    group: 'Hardening',
    value: 'FILE',
    describe: 'its private key, a path on the host; the key never leaves the host',
  },
  email: {
    type: 'string',
    group: 'Hardening',
    value: 'E',
    describe: 'contact address for the certificate authority',
    only: ['apply'],
  },
  'acme-server': {
    type: 'string',
    group: 'Hardening',
    value: 'URL',
    describe: "directory URL of the ACME server; default: Let's Encrypt",
    only: ['apply'],
  },
  'acme-ca': {
    type: 'string',
    group: 'Hardening',
    value: 'FILE',
    describe:
      'root certificates of the ACME server (PEM, on this machine): certbot and the checks trust them, also at renewals',
    only: ['apply', 'check', 'verify', 'rollback', 'rehearse'],
  },
  profile: {
    type: 'string',
    group: 'Hardening',
    describe:
      'standard: the recipe; strict: current recommendations as well (docs/strict.md); default: as last applied, else standard',
    choices: PROFILES,
    only: ['apply', 'check', 'verify', 'rehearse'],
  },
  'require-tls-inbound': {
    type: 'boolean',
    group: 'Hardening',
    describe: 'strict: refuse mail on port 25 without TLS; default: as last applied, else no',
    only: ['apply', 'check', 'verify', 'rehearse'],
  },
  pop3: {
    type: 'boolean',
    group: 'Hardening',
    describe: 'strict: --no-pop3 closes POP3; default: as last applied, else POP3 stays open',
    only: ['apply', 'check', 'verify', 'rehearse'],
  },
  serve: {
    type: 'string',
    group: 'Hardening',
    value: 'WORDS',
    describe: `services to add to the host, separated by commas: ${SERVICES.join(', ')} (docs/served.md); default: those that it serves`,
    words: SERVICES,
    only: ['apply', 'check', 'verify', 'rollback', 'doctor', 'rehearse'],
  },
  'no-serve': {
    type: 'string',
    group: 'Hardening',
    value: 'WORDS',
    describe:
      'services that are neither set up nor expected; a running service is not closed. imap,pop3 without Dovecot: Postfix stays alone',
    words: SERVICES,
    only: ['apply', 'check', 'verify', 'rollback', 'doctor', 'rehearse'],
  },
  replace: {
    type: 'string',
    group: 'Hardening',
    value: 'WORDS',
    describe: `working choices of the administrator that apply may replace, separated by commas: ${REPLACEABLE.join(', ')} (docs/consent.md); default: none`,
    words: REPLACEABLE,
    only: ['apply', 'check', 'doctor', 'rehearse'],
  },
  'assume-os': {
    type: 'boolean',
    group: 'Hardening',
    describe:
      'treat a system that is built on Debian or Ubuntu (ID_LIKE and the codename of its os-release) as the release that it is built on',
  },
  'upgrade-to': {
    type: 'string',
    group: 'Hardening',
    value: 'RELEASE',
    describe:
      'before an upgrade of Debian or Ubuntu: show what would break, what apply would convert afterwards, and what you must do',
    choices: UPGRADES,
    only: ['check', 'rehearse'],
  },
  'prepare-upgrade': {
    type: 'string',
    group: 'Hardening',
    value: 'RELEASE',
    describe:
      'right before an upgrade of Debian or Ubuntu: from now until the next apply mail that fails waits in the queue, and none is returned',
    choices: UPGRADES,
    only: ['apply'],
  },
} as const satisfies Record<string, OptionRecord>;
