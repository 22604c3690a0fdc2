/** docs/audit-outside.md, which `npm run audit:outside` also prints. */
import { AUDIT_PORTS } from '../../src/verify/mail-ports.ts';
import { explanationOf, reasonFor } from './explained.ts';
import { PROFILES } from './hosts.ts';
import type { Seen } from './look.ts';
import type { Remark } from './opinion.ts';
import { worst } from './verdict.ts';

const PORTS = AUDIT_PORTS.map(({ port }) => port);
const PROFILED: readonly string[] = PROFILES;

export function page(seen: readonly Seen[]): string {
  const days = seen.map(({ date }) => date).toSorted();
  const [from = '', to = ''] = [days[0], days.at(-1)];
  return [
    '# The audit compared with other auditors',
    '',
    '<!-- Made by `npm run audit:outside -- --write` from docs/audit-outside.json, which it keeps. Do not edit. -->',
    '',
    `Debian 12's testssl.sh, sslscan and nmap (\`ssl-enum-ciphers\`) on hosts of the lab, ${from === to ? from : `${from} to ${to}`}.`,
    'The certificates are as Let’s Encrypt makes them: RSA 2048, 90 days, with the address of a CRL. Hosts and tools without a row were',
    'not looked at, nor were ports with an empty field.',
    '',
    ...verdicts('testssl.sh: the worst severity', 'testssl', (one) => worst(one.remarks), seen),
    ...verdicts('nmap: least strength', 'nmap', ({ grade }) => grade ?? '–', seen),
    ...verdicts('sslscan: the weakest suite, in its words', 'sslscan', ({ grade }) => grade ?? '–', seen),
    ...remarks('strict', seen),
    ...remarks('standard', seen),
    ...agreement(seen),
  ].join('\n');
}

/** One line per release and profile, one column per port. */
function verdicts(title: string, tool: string, word: (one: Seen) => string, seen: readonly Seen[]): string[] {
  const here = seen.filter((one) => one.tool === tool && PROFILED.includes(one.host));
  if (here.length === 0) return [];
  const lines = [...new Set(here.map(({ release, host }) => `${release} | ${host}`))].map((head) => {
    const cell = (port: number): string => {
      const one = here.find((some) => `${some.release} | ${some.host}` === head && some.port === port);
      return one ? word(one) : '';
    };
    return `| ${head} | ${PORTS.map(cell).join(' | ')} |`;
  });
  return [`## ${title}`, '', ...table(['release', 'profile', ...PORTS.map(String)]), ...lines, ''];
}

/** Every remark from LOW on, once, with the releases and ports that have it. */
function remarks(profile: string, seen: readonly Seen[]): string[] {
  const said = new Map<string, { readonly remark: Remark; readonly where: Set<string>; readonly ports: Set<number> }>();
  for (const { tool, host, release, port, remarks: all } of seen)
    for (const remark of tool === 'testssl' && host === profile ? all : []) {
      if (remark.severity === 'WARN') continue;
      const key = `${remark.severity} ${remark.id} ${remark.text}`;
      const one = said.get(key) ?? { remark, where: new Set(), ports: new Set() };
      one.where.add(release);
      one.ports.add(port);
      said.set(key, one);
    }
  const lines = [...said.values()].map(({ remark, where, ports }) =>
    [remark.severity, `\`${remark.id}\``, cell(remark.text), [...ports].join(', '), [...where].join(', ')]
      .concat(profile === 'strict' ? [reasonFor(remark) || '**none**'] : [])
      .join(' | '),
  );
  if (lines.length === 0) return [];
  const columns = [
    'severity',
    'finding',
    'text',
    'ports',
    'releases',
    ...(profile === 'strict' ? ['why it is left'] : []),
  ];
  return [
    `## Remarks of testssl.sh about ${profile}`,
    '',
    ...table(columns),
    ...lines.map((line) => `| ${line} |`),
    '',
  ];
}

/** One line per host and tool: how much was compared, and the differences. */
function agreement(seen: readonly Seen[]): string[] {
  const heads = new Set(seen.map(({ release, host, tool }) => `${release} | ${host} | ${tool}`));
  const lines = [...heads].map((head) => {
    const here = seen.filter(({ release, host, tool }) => `${release} | ${host} | ${tool}` === head);
    const differences = here.flatMap(({ port, tool, differences: all }) =>
      all.map((one) => `${port}: only ${one.only}: ${one.item} (${explanationOf(tool, one) || 'not explained'})`),
    );
    const sum = (count: (one: Seen) => number): number => here.reduce((total, one) => total + count(one), 0);
    const counts = [here.map(({ port }) => port).join(', '), sum(({ items }) => items), sum(({ suites }) => suites)];
    return `| ${head} | ${counts.join(' | ')} | ${differences.length} | ${told(differences)} |`;
  });
  return [
    '## Differences',
    '',
    'The comparison covers versions, suites by version, and the key, signature and fingerprint of the certificate, as far as the tool reports them.',
    '',
    ...table(['release', 'host', 'tool', 'ports', 'items', 'of them suites', 'differences', 'which']),
    ...lines,
  ];
}

/** The first differences as one table cell, and how many more there are. */
function told(differences: readonly string[]): string {
  const [few, more] = [differences.slice(0, 12), differences.length - 12];
  return few.map(cell).join('; ') + (more > 0 ? ` and ${more} more` : '') || '–';
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 200);

const table = (columns: readonly string[]): string[] => [
  `| ${columns.join(' | ')} |`,
  `| ${columns.map(() => '---').join(' | ')} |`,
];
