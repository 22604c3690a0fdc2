import type { ChalkInstance } from 'chalk';
import type { Finding, PortAudit, Severity } from '../model/index.ts';
import { escape } from './escape.ts';
import { journalLines } from './findings.ts';
import { likeFindings } from './matrix.ts';

/** The text of a finding stands below its severity, port and check. */
const INDENT = ' '.repeat(10);
const SEVERITIES: readonly Severity[] = ['high', 'medium', 'low', 'info', 'ok'];

/**
 * The TLS support of each port, then the findings, the most severe first; equal findings of several ports share one line.
 * @param all also those that are well
 */
export function auditLines(
  ports: readonly PortAudit[],
  findings: readonly Finding[],
  chalk: ChalkInstance,
  all: boolean,
): string[] {
  const colour: Readonly<Record<Severity, (text: string) => string>> = {
    high: chalk.red.bold,
    medium: chalk.red,
    low: chalk.yellow,
    info: chalk.cyan,
    ok: chalk.green,
  };
  const groups = alike(all ? findings : findings.filter(({ weight }) => weight?.severity !== 'ok'));
  const told = groups.flatMap((group) => {
    const [{ check, text, weight }] = group;
    const severity = weight?.severity ?? 'info';
    const head = `  ${colour[severity](severity.padEnd(6))}  ${escape(check)}, ${portsOf(group)}`;
    const said = [...new Set(group.flatMap(({ journal = [] }) => journal))].flatMap((words) =>
      journalLines(words, chalk),
    );
    const steps = severity === 'ok' || severity === 'info' ? [] : fix(group, chalk);
    return [head, `${INDENT}${escape(text)}`, ...said, ...steps];
  });
  return [...ports.filter(({ answers }) => answers).map(portLine), ...told];
}

type Group = readonly [Finding, ...Finding[]];

function alike(findings: readonly Finding[]): Group[] {
  const rank = ([{ weight }]: Group): number => SEVERITIES.indexOf(weight?.severity ?? 'info');
  return likeFindings(findings).sort((a, b) => rank(a) - rank(b));
}

const portsOf = (group: Group): string => group.map(({ port }) => port).join(' ');

/** `→ strict: smtpd_tls_protocols, ssl_min_protocol (RFC 8996)` */
function fix(group: Group, chalk: ChalkInstance): string[] {
  const weights = group.flatMap(({ weight }) => (weight ? [weight] : []));
  const [first] = weights;
  if (!first) return [];
  const settings = [...new Set(weights.flatMap((one) => one.settings))].join(', ');
  const profile = first.profile === null ? 'by hand' : `--profile ${first.profile}`;
  return [`${INDENT}${chalk.dim('→')} ${profile}${settings && `: ${settings}`} (${first.source})`];
}

/** `  25 smtp  TLS 1.2 (6 suites), TLS 1.3 (3) · x25519, secp256r1 · EC prime256v1 until 2026-02-01` */
function portLine({ port, protocol, versions, groups, chains }: PortAudit): string {
  const spoken = versions.map(
    ({ version, suites }, index) => `${version} (${suites.length}${index === 0 ? ' suites' : ''})`,
  );
  const keys = chains.flatMap(([leaf]) => (leaf ? [`${leaf.key} until ${leaf.to.slice(0, 10)}`] : []));
  const parts = [spoken.join(', ') || 'no TLS', groups.join(', '), keys.join(', ')].filter(Boolean);
  return `  ${String(port).padStart(3)} ${protocol.padEnd(4)}  ${escape(parts.join(' · '))}`;
}
