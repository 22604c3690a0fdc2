/** Adds the daemons' log lines to failed findings: one exec, only if a check failed. */
import { died, mastersWords, parseJournal, wordsFor, type LogLine } from './daemon-log.ts';
import { SMTP_PORTS, type Finding, type Snapshot } from '../model/index.ts';
import type { RunOptions } from './step.ts';
import { readOnly } from '../remote/readonly.ts';
import type { Remote } from '../remote/remote.ts';

/** Seconds. After a program died, Postfix's master waits (service_throttle_time) before it starts a new one: its line may be as old. */
const THROTTLE = 65;

/** @param began the world's clock before the probes started */
export async function withLastWords(
  remote: Remote | null,
  snapshot: Snapshot,
  findings: readonly Finding[],
  began: number,
  { user, compute, world: { clock } }: Pick<RunOptions, 'user' | 'compute' | 'world'>,
): Promise<readonly Finding[]> {
  if (!remote || !findings.some(({ status }) => status === 'fail')) return findings;
  const ago = Math.ceil((clock() - began) / 1000) + 1;
  const log = await readLog(remote, ago + THROTTLE).catch(() => null);
  if (log === null) return findings; // the findings are reported without the log
  const { now, lines } = log;
  const recent = lines.filter(({ at }) => at >= now - ago);
  const names = await compute(remote.name, 'names', snapshot);
  return findings.map((finding) => {
    if (finding.status !== 'fail') return finding;
    const words = wordsFor(finding, recent, names, user?.name);
    if (!isSilent(finding) || !SMTP_PORTS.includes(finding.port)) return explained(finding, words);
    const ofDead = [...wordsFor(finding, lines, names).filter(died), ...words];
    return explained(finding, ofDead.length > 0 ? [...new Set(ofDead)] : mastersWords(recent, names));
  });
}

function isSilent({ text }: Finding): boolean {
  return /^(said nothing more|closed the connection|broke the connection|no TLS session)/.test(text);
}

/** The last line of a program that died replaces the silence that is seen from outside. */
function explained(finding: Finding, words: readonly string[]): Finding {
  const last = isSilent(finding) ? words.findLast(died) : undefined;
  const rest = words.filter((one) => one !== last);
  const text = last === undefined ? finding.text : `${last} (${finding.text})`;
  return { ...finding, text, ...(rest.length > 0 && { journal: rest }) };
}

/** Without a journal on the host there are no lines. */
async function readLog(remote: Remote, ago: number): Promise<{ now: number; lines: LogLine[] }> {
  const script = `date +%s
timeout 5 journalctl --sync
timeout 10 journalctl -q --no-pager -b -p warning -n 400 --since "-${ago}s" -o json \\
  --output-fields=SYSLOG_IDENTIFIER,MESSAGE SYSLOG_FACILITY=2 + _SYSTEMD_UNIT=dovecot.service
true`;
  const { stdout } = await readOnly(remote).run(`exec 2>/dev/null\n${script}`, {
    name: 'log',
    intent: 'read',
    plain: true,
  });
  const text = stdout.toString('utf8');
  return { now: Number.parseInt(text, 10), lines: parseJournal(text) };
}
