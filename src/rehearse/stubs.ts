/** The programs that the copy does not have, and the stub that takes the place of each: it listens there, accepts, and knows no more. */
import type { Listener } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';
import { scriptText } from '../remote/scripts.ts';

export interface Stub {
  readonly kind: 'milter' | 'policy' | 'smtp' | 'relay' | 'accept';
  /** Name of the program, in the host's list of processes. */
  readonly name: string;
  /** `ADDRESS:PORT`, or the path of a socket. */
  readonly where: string;
  /** Port of this host to which a relay passes mail on: where mail comes back from a filter. */
  readonly next?: number;
}

/** Programs that every copy has. */
const PRESENT = /^(master|dovecot|sshd?|systemd(-.*)?|init|)$/;

/** @param texts main.cf and master.cf @param queue Postfix's queue folder */
export function stubsFor(listeners: readonly Listener[], texts: readonly string[], queue: string): Stub[] {
  const text = texts.join('\n').replace(/^\s*#.*$/gm, '');
  const foreign = listeners.filter(({ process }) => !PRESENT.test(process));
  const ports = foreign.map(({ address, port, process }): Stub => {
    const where = `${address.replace(/^\*$/, '0.0.0.0').replace(/%.*$/, '')}:${port}`;
    const kind = kindOf(port, text);
    const next = kind === 'smtp' ? wayBack(port, text) : undefined;
    return { kind: next === undefined ? kind : 'relay', name: process, where, ...(next !== undefined && { next }) };
  });
  const sockets = [...text.matchAll(/_milters\s*=\s*((?:.|\n[ \t])*)/g)]
    .flatMap(([, value = '']) => [...value.matchAll(/(?:unix|local):([^\s,}]+)/g)])
    .map(([, path = '']): Stub => ({
      kind: 'milter',
      name: 'milter',
      where: path.startsWith('/') ? path : `${queue}/${path}`,
    }));
  const seen = new Set<string>();
  return [...ports, ...sockets].filter(({ where }) => !seen.has(where) && seen.add(where));
}

function kindOf(port: number, text: string): Stub['kind'] {
  const at = String.raw`(?:inet:)?[\[\]\w.:-]*:${port}\b`;
  if (new RegExp(String.raw`_milters\s*=(?:[^\n]|\n[ \t])*${at}`).test(text)) return 'milter';
  if (new RegExp(String.raw`check_policy_service\s+\{?\s*${at}`).test(text)) return 'policy';
  return new RegExp(String.raw`(?:content_filter|relayhost|transport)\S*\s*=\s*\S*${at}|smtpd?_proxy_filter\s*=\s*${at}`).test(text) ? 'smtp' : 'accept'; // oxfmt-ignore
}

/** The port at which mail comes back from the filter on this one: filters use the next number, or share one. */
function wayBack(port: number, text: string): number | undefined {
  const back = [...text.matchAll(/^(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)\s+inet\s.*\bsmtpd\b/gm)].map(([, own]) =>
    Number(own),
  );
  const isSmtp = !new RegExp(String.raw`lmtp\S*:\[?[\w.:]*\]?:${port}\b`).test(text);
  return isSmtp ? (back.find((own) => own === port + 1) ?? back[0]) : undefined;
}

/** The same for a program that Postfix starts itself (pipe, spawn): it reads everything and succeeds. */
const PROGRAM = `#!/usr/bin/perl
$| = 1;
while (<STDIN>) { print "action=DUNNO\\n\\n" if /^\\r?$/ }
`;

/** Starts each stub; puts one in the place of each of these programs that the copy lacks, and prints its path. */
export function stubScript(stubs: readonly Stub[], programs: readonly string[]): string {
  const starts = stubs.map(
    ({ kind, name, where, next }, index) =>
      `systemd-run -q --unit rehearsal-stub-${index} -p Restart=on-failure /usr/bin/perl /usr/local/lib/rehearsal-stub ${quote(kind)} ${quote(name)} ${quote(where)}${next === undefined ? '' : ` ${next}`}`,
  );
  return `set -e
install -m 755 /dev/stdin /usr/local/lib/rehearsal-stub <<'END OF STUB'
${scriptText('rehearse/stubs.pl')}
END OF STUB
${starts.join('\n')}
for program in ${programs.map(quote).join(' ')}; do
  [ ! -e "$program" ] || continue
  mkdir -p "$(dirname "$program")"
  install -m 755 /dev/stdin "$program" <<'END OF PROGRAM'
${PROGRAM}END OF PROGRAM
  echo "$program"
done
`;
}

export function stubNotes(stubs: readonly Stub[], programs: readonly string[]): string[] {
  const does = {
    milter: 'a milter',
    policy: 'a policy service',
    smtp: 'a filter or relay',
    relay: 'a filter',
    accept: 'a program',
  };
  return [
    ...stubs.map(
      ({ kind, name, where, next }) =>
        `${does[kind]} at ${where} (${name}): a stub ${next === undefined ? 'accepts everything there' : `passes everything on to port ${next}`}`,
    ),
    ...programs.map((path) => `the program ${path}: a stub reads its input and succeeds`),
  ];
}
