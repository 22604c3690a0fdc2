import { brokenAsFound } from '../support/stories/broken-as-found.ts';

brokenAsFound('bookworm', {
  say: "echo 'ssl_protocols = !SSLv3' >/etc/dovecot/local.conf",
  unsay: 'rm /etc/dovecot/local.conf',
});
