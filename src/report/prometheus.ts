/**
 * `check --format prometheus`: metrics for the textfile collector of node_exporter, in Prometheus's text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
import { EXIT } from '../model/errors.ts';
import type { HostResult } from '../model/index.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** @param at the end of the run, in seconds since the epoch */
export function prometheusText(results: readonly HostResult[], version: string, at: number): string {
  const read = results.filter(({ ending }) => ending.kind === 'checked' || ending.kind === 'drifted');
  const each = (from: readonly HostResult[], value: (result: HostResult) => number): Sample[] =>
    from.map((result) => [{ host: result.host }, value(result)]);
  return [
    metric('info', 'The version of harden-mail that made these metrics.', [[{ version }, 1]]),
    metric('last_check_timestamp_seconds', 'When the check ended.', [[{}, at]]),
    metric('host_reachable', 'Whether the host could be reached (1) or not (0).', each(results, ({ exit }) => Number(exit !== EXIT.unreachable))), // oxfmt-ignore
    metric('host_checked', 'Whether the host could be checked to the end (1) or not (0).', each(results, ({ ending }) => Number(ending.kind === 'checked' || ending.kind === 'drifted'))), // oxfmt-ignore
    metric('host_drifted', 'Whether apply would change the host (1) or not (0).', each(read, ({ ending }) => Number(ending.kind === 'drifted'))), // oxfmt-ignore
    metric('host_differing_settings', 'Settings that apply would change.', each(read, ({ plan }) => plan?.settings.length ?? 0)), // oxfmt-ignore
    metric('host_differing_files', 'Files that apply would change.', each(read, ({ plan }) => plan?.changes.length ?? 0)), // oxfmt-ignore
    metric('host_findings', 'Results of the checks from outside, by status. Only a host that has not drifted is checked.', results.flatMap(findings)), // oxfmt-ignore
    metric(
      'host_check_duration_seconds',
      'Work on the host.',
      each(results, ({ seconds }) => seconds),
    ),
  ].join('');
}

function findings({ host, findings: all }: HostResult): Sample[] {
  const counted = (wanted: string): number => all.filter(({ status }) => status === wanted).length;
  return ['pass', 'warn', 'fail', 'hint'].map((status) => [{ host, status }, counted(status)]);
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const full = `harden_mail_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labelled(labels)} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${lines.join('')}`;
}

function labelled(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${quoted(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function quoted(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
