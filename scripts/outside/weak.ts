/** Hosts that are weak on purpose, each in its own way: shell that makes one of a stock Debian 12 mail host. */
const DOVECOT = '/etc/dovecot/conf.d/99-weak.conf';
const RELOAD = 'doveadm reload; postfix reload; sleep 1';

const dovecot = (...lines: string[]): string =>
  `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >${DOVECOT}`;

export const WEAK: Readonly<Record<string, string>> = {
  'old-tls': `postconf -e 'smtpd_tls_protocols = >=TLSv1' tls_medium_cipherlist=ALL:COMPLEMENTOFALL:@SECLEVEL=0
    ${dovecot('ssl_min_protocol = TLSv1', 'ssl_cipher_list = ALL:!aNULL:@SECLEVEL=0')}
    ${RELOAD}`,
  'dh-1024': `openssl dhparam -out /etc/postfix/dh.pem 1024 2>/dev/null
    postconf -e smtpd_tls_dh1024_param_file=/etc/postfix/dh.pem
    ${dovecot('ssl_dh = </etc/postfix/dh.pem', 'ssl_cipher_list = kDHE:@SECLEVEL=0')}
    ${RELOAD}`,
  anonymous: `postconf -e smtpd_tls_ciphers=medium tls_medium_cipherlist=aNULL:@SECLEVEL=0 'smtpd_tls_protocols = TLSv1.2'
    ${dovecot('ssl_cipher_list = aNULL:@SECLEVEL=0')}
    ${RELOAD}`,
  'static-rsa': `postconf -e tls_medium_cipherlist=kRSA:@SECLEVEL=0 'smtpd_tls_protocols = TLSv1.2'
    ${dovecot('ssl_cipher_list = kRSA')}
    ${RELOAD}`,
  careless: `openssl req -x509 -newkey rsa:1024 -sha1 -nodes -days 1 -subj /CN=old -keyout /etc/postfix/k.pem -out /etc/postfix/c.pem 2>/dev/null
    postconf -e smtpd_tls_cert_file=/etc/postfix/c.pem smtpd_tls_key_file=/etc/postfix/k.pem mynetworks=0.0.0.0/0
    ${dovecot('ssl_cert = </etc/postfix/c.pem', 'ssl_key = </etc/postfix/k.pem', 'ssl_cipher_list = ALL:@SECLEVEL=0', 'disable_plaintext_auth = no')}
    ${RELOAD}`,
};
