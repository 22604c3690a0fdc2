import { refuse, type Rule } from './conversion.ts';
import { path, yes } from './old-values.ts';

const SOURCE = 'Dovecot documentation, "Upgrading from 2.3 to 2.4", converted settings';

/** A setting that is only renamed. */
const renamed = (old: string, now: string, why = 'The name says which side it is for: server or client.'): Rule => {
  return { place: 'global', old, now, why, source: SOURCE };
};

const file = (old: string, now: string): Rule => {
  return { ...renamed(old, now), value: path, why: 'The setting takes the path itself, without a `<`.' };
};

export const ssl: readonly Rule[] = [
  file('ssl_cert', 'ssl_server_cert_file'),
  file('ssl_key', 'ssl_server_key_file'),
  file('ssl_alt_cert', 'ssl_server_alt_cert_file'),
  file('ssl_alt_key', 'ssl_server_alt_key_file'),
  file('ssl_ca', 'ssl_server_ca_file'),
  file('ssl_dh', 'ssl_server_dh_file'),
  file('ssl_client_cert', 'ssl_client_cert_file'),
  file('ssl_client_key', 'ssl_client_key_file'),
  renamed('ssl_key_password', 'ssl_server_key_password'),
  renamed('ssl_cert_username_field', 'ssl_server_cert_username_field'),
  renamed('ssl_require_crl', 'ssl_server_require_crl'),
  renamed('ssl_verify_client_cert', 'ssl_server_request_client_cert'),
  {
    ...renamed('ssl_prefer_server_ciphers', 'ssl_server_prefer_ciphers'),
    value: (value) => (yes(value) ? 'server' : 'client'),
    why: 'The value is the side whose order counts: `server` or `client`.',
  },
  {
    ...renamed('ssl_min_protocol', 'ssl_min_protocol'),
    value: (value) => (value === 'SSLv3' ? 'TLSv1' : value),
    why: 'SSLv3 is removed; the next version replaces it.',
  },
  {
    ...renamed('ssl_options', 'ssl_options'),
    by: ({ value }) => {
      const words = value.split(/\s+/).filter((word) => word !== 'no_compression' && word !== '');
      if (words.includes('compression')) return refuse('remove `compression`: 2.4 never compresses TLS');
      return words.length === 0 ? { drop: true } : { lines: [`ssl_options = ${words.join(' ')}`] };
    },
    why: '2.4 never compresses TLS, so there is nothing to forbid.',
  },
  {
    place: 'global',
    old: 'verbose_ssl',
    now: 'log_debug = category=ssl',
    by: ({ value }, { global }) => {
      if (!yes(value)) return { drop: true };
      if (global('log_debug')) return { refuse: 'add `OR category=ssl` to log_debug and remove this line' };
      return { lines: ['log_debug = category=ssl'] };
    },
    why: 'A filter selects the TLS events to log.',
    source: SOURCE,
  },
];
