import { FRAGMENTS } from '../fragments/index.ts';
import { OPENSSL_CONF } from '../fragments/strict-dovecot.ts';
import type { OwnFile, Task } from './task.ts';

export const dovecotSsl: Task = {
  name: 'dovecot-ssl',
  title: 'IMAP and POP3 inside TLS only, with the certificate',
  fragments: FRAGMENTS.filter(({ task }) => task === 'dovecot-ssl'),
  files: ({ dovecot }, { profile, alone }) => {
    if (alone) return [];
    if (profile !== 'strict') return [{ ...OPENSSL, gone: true }];
    return isOfOldOpenssl(dovecot) ? [OPENSSL] : [];
  },
};

/** The versions of RENEGOTIATES, as a pattern: src/formats, which compares versions, is not imported here. */
const isOfOldOpenssl = (dovecot: string | null): boolean => /^2\.3\.(\d|1[0-5])(?!\d)/.test(dovecot ?? '');

/** Dovecot reads this file in place of /etc/ssl/openssl.cnf, so Debian's own settings are repeated here. */
const OPENSSL: OwnFile = {
  path: OPENSSL_CONF,
  bytes: `# OpenSSL for Dovecot, made by harden-mail (profile strict): named by import_environment.
openssl_conf = dovecot
[dovecot]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
MinProtocol = TLSv1.2
CipherString = DEFAULT@SECLEVEL=2
Options = NoRenegotiation
`,
  mode: '0644',
  owner: 'root:root',
  why: 'no renegotiation within a session (CVE-2011-1473)',
};
