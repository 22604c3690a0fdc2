import { PATHS } from '../model/index.ts';
import type { Fragment } from './fragment.ts';

/** Additional names with certificates of their own: SNI selects the certificate, and the default is the mail domain's. */
const postfix = {
  task: 'starttls',
  setting: 'tls_server_sni_maps',
  place: { in: 'main.cf' },
  profile: 'standard',
  source: 'Postfix postconf(5), tls_server_sni_maps',
  recipe: [],
} as const;
const MAP = `texthash:${PATHS.SNI_MAP}`;

const dovecot = {
  task: 'dovecot-ssl',
  place: { in: 'dovecot', block: ['local_name {name}'], home: PATHS.SSL_CONF },
  profile: 'standard',
  recipe: [],
} as const;

export const sniPostfix: readonly Fragment[] = [
  {
    ...postfix,
    id: 'main.cf:tls_server_sni_maps',
    merge: { how: 'member', members: [MAP], unset: 'write' },
    when: { postfix: '>=3.4', sni: true },
    why: 'Serves each additional name its own certificate (SNI). texthash reads the files themselves at each reload, so no renewal needs a postmap -F. Maps of the administrator come first in the list.',
  },
  {
    ...postfix,
    id: 'main.cf:tls_server_sni_maps:none',
    merge: { how: 'without', members: [MAP], last: 'goes' },
    when: { postfix: '>=3.4', sni: false },
    why: 'Removes the map when there are no additional names; maps of the administrator stay.',
  },
];

export const sniDovecot: readonly Fragment[] = [
  {
    ...dovecot,
    id: 'dovecot:local_name:ssl_cert',
    setting: 'ssl_cert',
    merge: { how: 'set', value: '<{cert}' },
    when: { dovecot: '<2.4', sni: true },
    why: 'Serves this name its own certificate (SNI).',
    source: 'Dovecot 2.3 documentation, "With client TLS SNI support"',
  },
  {
    ...dovecot,
    id: 'dovecot:local_name:ssl_key',
    setting: 'ssl_key',
    merge: { how: 'set', value: '<{key}' },
    when: { dovecot: '<2.4', sni: true },
    why: 'The private key of that certificate.',
    source: 'Dovecot 2.3 documentation, "With client TLS SNI support"',
  },
  {
    ...dovecot,
    id: 'dovecot:local_name:ssl_server_cert_file',
    setting: 'ssl_server_cert_file',
    merge: { how: 'set', value: '{cert}' },
    when: { dovecot: '>=2.4', sni: true },
    why: 'The name of ssl_cert from 2.4 on.',
    source: 'Dovecot 2.4 documentation, local_name; ssl_server_cert_file',
  },
  {
    ...dovecot,
    id: 'dovecot:local_name:ssl_server_key_file',
    setting: 'ssl_server_key_file',
    merge: { how: 'set', value: '{key}' },
    when: { dovecot: '>=2.4', sni: true },
    why: 'The name of ssl_key from 2.4 on.',
    source: 'Dovecot 2.4 documentation, local_name; ssl_server_key_file',
  },
];
