/** docs/audit.md, with its tables from the audit's rules. */
import { DANGER_RULES, AUDIT_RULES } from '../src/audit/audit-rules.ts';

export function auditPage(made: string, table: (head: string[], rows: string[][]) => string): string {
  const rows = Object.entries(AUDIT_RULES).map(([id, { proves, source, profile, postfix, dovecot }]) => [
    `\`${id}\``,
    proves,
    source,
    profile ?? 'by hand',
    [...postfix, ...dovecot].map((name) => `\`${name}\``).join(', '),
  ]);
  return [
    '# The audit\n',
    made,
    '    harden-mail verify --host mx.example.org --no-ssh      # without a login: any host',
    '    harden-mail verify --host mx.example.org --audit       # with SSH: also the certificate on disk, and ports behind a firewall',
    '',
    'An audit runs all checks of `verify`, and the checks that other auditors make. It looks at ports 25, 110, 143, 465, 587, 993 and 995 in',
    'parallel. It reports a port that does not answer; without SSH that is no fault. A plain `verify` and `apply` make no audit, and',
    '`--local` has none, because an audit looks from outside.',
    '',
    '- **Tried, not inferred.** The audit builds its own ClientHello for each version and each suite, so it also finds those that no TLS',
    '  library speaks any more (SSL 3.0, EXPORT, RC4, …). It offers all suites of the version, leaves out the one that the server chooses,',
    '  and repeats until the server refuses. It completes no handshake; for TLS 1.3 the HelloRetryRequest is the answer.',
    '- **Gentle.** At most three connections at a time go to a port (to both ports of IMAP together, and of POP3). If a server rejects',
    '  connections, the audit pauses and then asks one by one; if that does not help, it reports that it is incomplete. It sends no mail (no',
    '  DATA) and tries no password. A port sees 30 to 130 connections, and a daemon logs most of them as aborted: if fail2ban watches for',
    '  that, let it ignore the address that the audit comes from.',
    '- **Severities**: `high` and `medium` are failures (exit 5), `low` warns, `info` is neither good nor bad. Port 25 weighs less where the',
    '  alternative is no encryption at all (RFC 7435): a sending server uses whatever the receiver offers.',
    '- With `--json` each finding has a `weight`, and each host has `audit[]` with everything that the audit saw ([json.md](json.md)).',
    '',
    'How other auditors judge the same hosts, and where this audit differs from them: [audit-outside.md](audit-outside.md).',
    '',
    'With SSH the dangers of the exposure map ([exposure.md](exposure.md)) are findings too, unless the same fault was already seen from outside:',
    '',
    table(
      ['Danger', 'Weight', 'Source', 'Fixed by profile', 'Look at'],
      Object.entries(DANGER_RULES).map(([id, { severity, source, profile, postfix, dovecot }]) => [
        `\`${id}\``,
        severity,
        source,
        profile ?? 'by hand',
        [...postfix, ...dovecot].map((name) => `\`${name}\``).join(', '),
      ]),
    ),
    '',
    'The audit does not look at SSL 2.0, suites that need a special extension (SRP, ECCPWD), OCSP stapling, padding oracles, and other faults',
    'of an implementation. A server that speaks only TLS 1.3 encrypts its chain, so the audit does not judge the order of that chain.',
    '',
    table(['Check', 'Proves', 'Source', 'Fixed by profile', 'Look at'], rows),
    '',
  ].join('\n');
}
