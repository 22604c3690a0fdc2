import type { Danger, ExposureMap, Finding, WayIn } from '../model.ts';
import { STATUS } from './judgement.ts';
import { DANGER_RULES } from './rules.ts';

/**
 * The dangers of a host's exposure map as findings, each on the port that it is about. One that the audit has seen from
 * outside already, on the same port, is not repeated; information (`any-sender`) is no finding.
 * @param seen the findings of the audit so far
 */
export function judgeMap(map: ExposureMap, seen: readonly Finding[]): Finding[] {
  return map.dangers.flatMap((danger): Finding[] => {
    const rule = DANGER_RULES[danger.id];
    if (!rule) return [];
    const way = wayOf(map, danger);
    const port = way?.port ?? 25;
    const known = seen.some((one) => one.port === port && one.check === rule.seenFromOutside && one.status === 'fail');
    if (known) return [];
    const { severity, source, profile, postfix, dovecot } = rule;
    const settings = way?.daemon === 'dovecot' || postfix.length === 0 ? dovecot : postfix;
    const text = `${danger.text} (${danger.file}:${danger.line})`;
    const weight = { severity, source, profile, settings };
    return [{ port, check: danger.id, status: STATUS[severity], text, via: 'ssh', weight }];
  });
}

/** The way in that a danger is about: of a socket the first one that asks it, of the networks the first one that takes mail. */
function wayOf({ ways }: ExposureMap, { id, text, file, line }: Danger): WayIn | undefined {
  const own = ways.find((way) => way.file === file && way.line === line && text.includes(way.id));
  if (own) return own;
  const takesMail = ways.filter(({ decisions }) => decisions.length > 0);
  if (id !== 'open-auth-socket') return takesMail[0];
  return takesMail.find(({ auth }) => auth.offered !== 'never' && auth.path !== '' && text.includes(auth.path));
}
