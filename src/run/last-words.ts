/** Findings that failed, with what the daemons said: one exec, and only where a check failed. */
import { died, mastersWords, parseJournal, wordsFor, type LogLine } from './daemon-log.ts';
import type { Finding, Snapshot } from '../model/index.ts';
import { syslogNames } from '../plan/syslog-names.ts';
import type { RunOptions } from './step.ts';
import { readOnly } from '../remote/readonly.ts';
import type { Remote } from '../remote/remote.ts';

/** Postfix's master starts no further smtpd for as long after one that died (service_throttle_time), so its words may be as old. */
const THROTTLE = 65;

/** @param began the world's clock before the probes began */
export async function withLastWords(
  remote: Remote | null,
  snapshot: Snapshot,
  findings: readonly Finding[],
  began: number,
  { user, world: { clock } }: Pick<RunOptions, 'user' | 'world'>,
): Promise<readonly Finding[]> {
  if (!remote || !findings.some(({ status }) => status === 'fail')) return findings;
  const ago = Math.ceil((clock() - began) / 1000) + 1;
  const log = await readLog(remote, ago + THROTTLE).catch(() => null);
  if (log === null) return findings; // what was found is told without the log as well
  const { now, lines } = log;
  const recent = lines.filter(({ at }) => at >= now - ago);
  const names = syslogNames(snapshot);
  return findings.map((finding) => {
    if (finding.status !== 'fail') return finding;
    const words = wordsFor(finding, recent, names, user?.name);
    if (!isSilent(finding) || ![25, 465, 587].includes(finding.port)) return explained(finding, words);
    const ofDead = [...wordsFor(finding, lines, names).filter(died), ...words];
    return explained(finding, ofDead.length > 0 ? [...new Set(ofDead)] : mastersWords(recent, names));
  });
}

function isSilent({ text }: Finding): boolean {
  return /^(said nothing more|closed the connection|broke the connection|no TLS session)/.test(text);
}

/** What a program that died said takes the place of the silence that is seen from outside. */
function explained(finding: Finding, words: readonly string[]): Finding {
  const last = isSilent(finding) ? words.findLast(died) : undefined;
  const rest = words.filter((one) => one !== last);
  const text = last === undefined ? finding.text : `${last} (${finding.text})`;
  return { ...finding, text, ...(rest.length > 0 && { journal: rest }) };
}

/** Where there is no journal to read, nothing is said. */
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
