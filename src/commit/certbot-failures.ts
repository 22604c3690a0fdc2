/** Reads the failure messages of certbot and the authority: a cause and a next step for each. Pure. */

interface Failure {
  readonly said: RegExp;
  readonly why: (match: RegExpExecArray) => string;
  readonly todo: string;
}

/** The first match counts. The patterns see the whole output on one line. */
const FAILURES: readonly Failure[] = [
  {
    said: /No space left on device/,
    why: () => 'the disk is full (No space left on device)',
    todo: 'Free some space (df -h / /var /etc) and run again.',
  },
  {
    said: /Another instance of Certbot is already running/,
    why: () => 'another certbot is at work on the host',
    todo: 'Run again when it is done.',
  },
  {
    said: /(?:rateLimited|too many (?:requests|certificates|failed|new|currently)).*?(?:retry after (\d{4}-\d\d-\d\d[T ][\d:]+)|$)/i,
    why: ([, until]) =>
      `the authority's rate limit is reached (rateLimited)${until === undefined ? '' : `, until ${until} UTC`}`,
    todo: 'Wait until then; try with --acme-server https://acme-staging-v02.api.letsencrypt.org/directory meanwhile.',
  },
  {
    said: /host='([^']*)', port=(\d+)\).*CERTIFICATE_VERIFY_FAILED/,
    why: ([, host, port]) =>
      `the host does not trust the authority at ${host}:${port} (certificate verify failed of its own HTTPS)`,
    todo: 'Give --acme-ca its root (a PEM file on this machine), or have the host trust it (/usr/local/share/ca-certificates, update-ca-certificates), and run again.',
  },
  {
    said: /host='([^']*)', port=(\d+)\).*?(Connection refused|Name or service not known|Temporary failure in name resolution|No route to host|Network is unreachable|timed out)/,
    why: ([, host, port, reason]) => `the authority at ${host}:${port} cannot be reached from the host (${reason})`,
    todo: 'Let the host out to it (firewall, proxy, DNS), or correct --acme-server, and run again.',
  },
  {
    // The same failure in the words of certbot's ACME library, without the port.
    said: /Requesting ([^\s/:]+)\/\S*: *(Connection refused|Name or service not known|Temporary failure in name resolution|No route to host|Network is unreachable|[^|]*timed out)/,
    why: ([, host, reason]) => `the authority at ${host} cannot be reached from the host (${reason})`,
    todo: 'Let the host out to it (firewall, proxy, DNS), or correct --acme-server, and run again.',
  },
  {
    said: /Detail: (CAA record for \S+ prevents issuance[^.]*)/,
    why: ([, detail]) => `${detail}`,
    todo: 'Add the authority to the CAA record of the domain, and run again.',
  },
  {
    said: /Detail: ([^|]*(?:Timeout|timeout|refused|No route|unreachable|Error getting validation data|Connection reset)[^|]*)/,
    why: ([, detail]) => `the authority did not reach port 80: ${detail?.trim()}`,
    todo: 'Open port 80 to everybody (a firewall, a provider, a router in front?), at renewals too, and run again.',
  },
  {
    said: /Detail: ([^|]*(?:NXDOMAIN|SERVFAIL|no valid A records|looking up)[^|]*)/,
    why: ([, detail]) => `the authority's name servers: ${detail?.trim()}`,
    todo: 'Fix the DNS of the name, and run again when the change has spread.',
  },
  {
    said: /Could not bind TCP port 80|Problem binding to port 80/,
    why: () => 'port 80 was taken in the meantime',
    todo: '`ss -ltnp sport = :80` on the host tells by whom. Run again.',
  },
];

export function certbotFailure(said: string): { readonly why: string; readonly todo: string } | null {
  const line = said.replace(/\s*\n\s*/g, ' | ');
  for (const { said: pattern, why, todo } of FAILURES) {
    const match = pattern.exec(line);
    if (match) return { why: why(match), todo };
  }
  return null;
}
