import type { Fragment } from './fragment.ts';

/** Further names with certificates of their own: each is shown to who asks for it by SNI, the mail domain's to all others. */
const postfix = {
  task: 'starttls',
  setting: 'tls_server_sni_maps',
  place: { in: 'main.cf' },
  profile: 'standard',
  source: 'Postfix postconf(5), tls_server_sni_maps',
  recipe: [],
} as const;
const MAP = 'texthash:/etc/postfix/harden-mail-sni';

const dovecot = {
  task: 'dovecot-ssl',
  place: { in: 'dovecot', block: ['local_name {name}'], home: '/etc/dovecot/conf.d/10-ssl.conf' },
  profile: 'standard',
  recipe: [],
} as const;

export const sniPostfix: readonly Fragment[] = [
  {
    ...postfix,
    id: 'main.cf:tls_server_sni_maps',
    merge: { how: 'member', members: [MAP], unset: 'write' },
    when: { postfix: '>=3.4', sni: true },
    why: 'Shows who asks for a further name that name’s certificate. texthash reads the files as they are, at each reload: there is no postmap -F to be forgotten after a renewal. Maps of your own stand before it.',
  },
  {
    ...postfix,
    id: 'main.cf:tls_server_sni_maps:none',
    merge: { how: 'without', members: [MAP], last: 'goes' },
    when: { postfix: '>=3.4', sni: false },
    why: 'Without further names the map is gone; maps of your own stay.',
  },
];

export const sniDovecot: readonly Fragment[] = [
  {
    ...dovecot,
    id: 'dovecot:local_name:ssl_cert',
    setting: 'ssl_cert',
    merge: { how: 'set', value: '<{cert}' },
    when: { dovecot: '<2.4', sni: true },
    why: 'Shows who asks for this name its certificate.',
    source: 'Dovecot 2.3 documentation, "With client TLS SNI support"',
  },
  {
    ...dovecot,
    id: 'dovecot:local_name:ssl_key',
    setting: 'ssl_key',
    merge: { how: 'set', value: '<{key}' },
    when: { dovecot: '<2.4', sni: true },
    why: 'Its private key.',
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
