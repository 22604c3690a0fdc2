/** Cyrus' saslauthd, which Postfix asks about passwords where Dovecot does not answer: the copy runs it as the host does. */
import { quote } from '../formats/text/shell-quote.ts';
import type { Capture } from './capture.ts';

/** Mechanisms that ask the system or a file of the copy. */
const OWN = ['pam', 'shadow', 'getpwent', 'sasldb'];
const DEFAULT_FOLDER = '/var/run/saslauthd';

export interface SaslauthdPlan {
  readonly script: string;
  readonly notes: readonly string[];
}

export function saslauthdFor({ saslauthd }: Pick<Capture, 'saslauthd'>): SaslauthdPlan {
  const servers = saslauthd.map((line) => ({
    mechanism: /\s-a *(\S+)/.exec(line)?.[1] ?? 'getpwent',
    folder: /\s-m *(\/\S+)/.exec(line)?.[1] ?? DEFAULT_FOLDER,
  }));
  const [able, unable] = [servers.filter(({ mechanism }) => OWN.includes(mechanism)), servers.filter(({ mechanism }) => !OWN.includes(mechanism))]; // oxfmt-ignore
  const starts = able.map(
    ({ mechanism, folder }, index) =>
      `[ -d ${quote(folder)} ] || install -d -o root -g sasl -m 710 ${quote(folder)}
systemd-run -q --unit rehearsal-saslauthd-${index} -p Restart=on-failure saslauthd -d -a ${quote(mechanism)} -m ${quote(folder)}`,
  );
  const stop = able.length > 0 ? ['systemctl stop saslauthd 2>/dev/null'] : [];
  return {
    script: [...stop, ...starts].join('\n'),
    notes: unable.map(
      ({ mechanism }) => `saslauthd asks ${mechanism}, which the copy does not have: logins by it fail there`,
    ),
  };
}
