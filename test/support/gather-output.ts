/** What gather.sh prints on a Debian 12 mail host with these files: enough of it for a plan. A certificate is certbot's own. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Bytes } from '../../src/model/index.ts';

const PACKAGES = [
  'postfix 3.7.11-0+deb12u1 installed',
  'dovecot-core 1:2.3.19.1+dfsg1-2.1+deb12u1 installed',
  'dovecot-imapd 1:2.3.19.1+dfsg1-2.1+deb12u1 installed',
  'dovecot-pop3d 1:2.3.19.1+dfsg1-2.1+deb12u1 installed',
  'certbot 2.1.0-4 installed',
];

export function gatherOutput(files: Readonly<Record<string, Bytes>>): Buffer {
  const all = Object.entries(files);
  const names = all.flatMap(([path]) => /^\/etc\/letsencrypt\/live\/([^/]+)\//.exec(path)?.[1] ?? []);
  const digest = (bytes: Bytes): string => createHash('sha256').update(bytes, 'latin1').digest('hex');
  const sections: [string, string][] = [
    ['now', '1800000000'],
    ['os', 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"'],
    ['packages', PACKAGES.join('\n')],
    ['maps', 'btree\ncidr\nhash\ninline\nproxy\nregexp\ntexthash'],
    ['postconf', 'myhostname = mx1.example.test\nqueue_directory = /var/spool/postfix'],
    ['services', 'submissions 465/tcp smtps\nsubmission 587/tcp'],
    ['listeners', 'LISTEN 0 100 0.0.0.0:25 0.0.0.0:* users:(("master",pid=612,fd=13))'],
    ['keys', names.map((name) => `/etc/letsencrypt/live/${name}/\nunknown`).join('\n')],
    ['lineages', names.map((name) => `taken ${name}\nown ${name} standalone`).join('\n')],
    ['stat', all.map(([path, bytes]) => `${bytes.length} 644 1799990000 root:root ${path}`).join('\n')],
    ['targets', all.map(([path]) => path).join('\n')],
    ['digests', all.map(([path, bytes]) => `${digest(bytes)}  ${path}`).join('\n')],
    ['bytes', all.map(([, bytes]) => bytes).join('')],
    ['end', ''],
  ];
  return gzipSync(Buffer.from(sections.map(([name, text]) => `@${name} ${text.length}\n${text}\n`).join(''), 'latin1'));
}
