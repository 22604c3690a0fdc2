import { brokenAsFound } from '../support/stories/broken-as-found.ts';

brokenAsFound('trixie', {
  say: 'cp -a /etc/postfix/main.cf /root/main.cf; postconf smtpd_use_tls=yes',
  unsay: 'mv /root/main.cf /etc/postfix/main.cf',
});
