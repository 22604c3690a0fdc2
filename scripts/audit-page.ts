/** docs/audit.md, its table from the rules of the audit. */
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
    '    harden-mail verify --host mx.example.org --no-ssh      # as a stranger: any host, no login needed',
    '    harden-mail verify --host mx.example.org --audit       # with SSH: the certificate on disk, and what is behind a firewall, too',
    '',
    "All checks of `verify`, and beside them what others' auditors look at. Ports 25, 110, 143, 465, 587, 993 and 995 side by side, those that",
    'answer; what does not answer is told and, without SSH, no fault. A plain `verify` and `apply` do none of this,',
    'and `--local` has no audit, which looks from outside.',
    '',
    '- **Tried, not inferred.** Each version and each suite was asked for by a ClientHello of our own making, so that also what no TLS library',
    '  speaks any more (SSL 3.0, EXPORT, RC4, …) is found. All suites of the version are offered, the one that the server chooses is left out,',
    '  and so on until it refuses. No handshake is brought to its end; TLS 1.3 is asked by a HelloRetryRequest.',
    '- **Gentle.** Three connections at a time for a port (for both ports of IMAP, and of POP3). A server that turns us away is given a rest,',
    '  then asked one by one; when that does not help, the audit says that it is not complete. Nothing is sent: DATA is never said, no',
    '  password is tried. A port sees 30 to 130 connections, and a daemon logs most of them as given up: where fail2ban watches for that,',
    '  let it ignore the address that the audit comes from.',
    '- **Severities**: `high` and `medium` are failures (exit 5), `low` warns, `info` is neither good nor bad. Port 25 weighs less where the',
    '  alternative is no encryption at all (RFC 7435): the side that sends takes what it can get.',
    '- With `--json` each finding has a `weight`, and each host `audit[]` with everything that was seen ([json.md](json.md)).',
    '',
    'What others say of the same hosts, and where we differ from them: [audit-outside.md](audit-outside.md).',
    '',
    'With SSH the dangers of the exposure map ([exposure.md](exposure.md)) are findings too, unless the same was seen from outside already:',
    '',
    table(
      ['Danger', 'Weight', 'Source', 'Mended by profile', 'Look at'],
      Object.entries(DANGER_RULES).map(([id, { severity, source, profile, postfix, dovecot }]) => [
        `\`${id}\``,
        severity,
        source,
        profile ?? 'by hand',
        [...postfix, ...dovecot].map((name) => `\`${name}\``).join(', '),
      ]),
    ),
    '',
    'Not looked at: SSL 2.0; suites that need an extension of their own (SRP, ECCPWD); OCSP stapling; how the server stands to padding oracles',
    'and other faults of an implementation. Of a server that speaks TLS 1.3 only, the chain is encrypted: its order is not judged.',
    '',
    table(['Check', 'What it proves', 'Source', 'Mended by profile', 'Look at'], rows),
    '',
  ].join('\n');
}
