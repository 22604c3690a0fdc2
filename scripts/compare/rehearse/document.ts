/** docs/rehearse-compare.md, from the results that are kept. */
import { BUSY, NOT_REHEARSED, plain, type Compared, type Course } from './outcome.ts';

const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const cell = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 160);
const longest = (acts: Course['acts']): number =>
  Math.max(0, ...acts.flatMap(({ outages }) => outages.map(({ seconds }) => seconds)));

function verdict({ refusal, good, acts }: Course): string {
  if (refusal !== undefined) return 'refused';
  const bad = acts.find(({ faults }) => faults.length > 0);
  return good || !bad ? (good ? 'good' : 'bad') : `bad: ${bad.name}`;
}

export function document(all: readonly Compared[]): string {
  const left = all.filter(({ rehearsed }) => NOT_REHEARSED.test(rehearsed.refusal ?? ''));
  const rows = all.filter((one) => !left.includes(one));
  const upgrades = rows.filter(({ upgradeTo }) => upgradeTo !== undefined).length;
  const files = rows.flatMap(({ happened }) => happened.acts.flatMap((act) => act.files)).length;
  const busy = rows.filter(({ unjudged }) => unjudged.length > 0);
  const faults = rows.flatMap(({ name, disagreements }) => disagreements.map((text) => line([name, cell(text)])));
  return [
    '# Rehearsals compared with what then happened',
    '',
    '<!-- Made by `npm run compare:rehearse`. Do not edit. -->',
    '',
    `${rows.length} rehearsals of the hosts in \`test/hosts\` (${upgrades} with the upgrade from Debian 12 to 13). After each one the same acts were`,
    'played on the host itself. Compared are the verdict, the acts that fail, the outage of each port in each act (within 2 s), and each of the',
    `${files} files that an act changed: its mode, owner and diff to the byte, apart from what stand-ins replace ([rehearse.md](rehearse.md)). The host itself`,
    `is judged by the exit codes of the commands and by the sessions of its own users and of strangers. ${new Date().toISOString().slice(0, 10)}.`,
    '',
    `Disagreements: **${faults.length}**.${busy.length > 0 ? ` Outages of ${busy.length} hosts are not judged, because the machine had other work: a load of ${BUSY} or more. The next run measures them again.` : ''}`,
    '',
    line([
      'host',
      'rehearsal',
      'the host itself',
      'acts',
      'files',
      'sessions',
      'longest outage: said / was',
      'disagreements',
    ]),
    line(['---', '---', '---', '---:', '---:', '---:', '---:', '---:']),
    ...rows.map(({ name, rehearsed, happened, sessions, disagreements }) =>
      line([
        name,
        verdict(rehearsed),
        verdict(happened),
        happened.acts.length,
        happened.acts.flatMap((act) => act.files).length,
        sessions,
        `${longest(rehearsed.acts)} s / ${longest(happened.acts)} s${busy.some((one) => one.name === name) ? ' (not judged)' : ''}`,
        disagreements.length,
      ]),
    ),
    ...(faults.length === 0 ? [] : ['', '## Disagreements', '', line(['host', '']), line(['---', '---']), ...faults]),
    '',
    '## Bad hosts, and refused ones',
    '',
    line(['host', 'the reason, as the rehearsal gives it']),
    line(['---', '---']),
    ...rows
      .filter(({ rehearsed }) => !rehearsed.good)
      .map(({ name, rehearsed }) => line([name, cell(plain(rehearsed.refusal ?? rehearsed.verdict ?? ''))])),
    '',
    ...(left.length === 0
      ? []
      : ['## Not rehearsed', '', line(['host', 'the reason']), line(['---', '---']), ...left.map(({ name, rehearsed }) => line([name, cell(plain(rehearsed.refusal ?? ''))])), '']), // oxfmt-ignore
  ].join('\n');
}
