/** docs/convert-compare.md, from the results of one run. */

export interface Result {
  /** The sessions are the same; it did not convert and said so; Dovecot does not start; Dovecot starts and the sessions are not the same. */
  readonly verdict: 'same' | 'refused' | 'dead' | 'wrong';
  readonly why?: string;
}
export interface Row {
  readonly name: string;
  readonly description: string;
  readonly results: ReadonlyMap<string, Result>;
}

const WORDS: Readonly<Record<Result['verdict'], string>> = {
  same: 'same',
  refused: 'refused',
  dead: 'does not start',
  wrong: '**wrong**',
};
const MEANS: Readonly<Record<Result['verdict'], string>> = {
  same: 'Every session answers as before.',
  refused: 'The converter says that it does not convert this, and changes nothing.',
  dead: 'Dovecot 2.4 does not start with the result; nobody has mail until somebody goes on by hand.',
  wrong: 'Dovecot starts, and at least one answer is not as before. Nothing tells the administrator.',
};

const cell = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 150);

/** `labels`: what each converter is, by its name, in the order of the columns. `versions`: Dovecot's before and after. */
export function document(
  rows: readonly Row[],
  labels: ReadonlyMap<string, string>,
  versions: readonly string[],
): string {
  const names = [...labels.keys()];
  const verdicts = Object.keys(WORDS) as Result['verdict'][];
  const count = (name: string, verdict: Result['verdict']) =>
    rows.filter(({ results }) => results.get(name)?.verdict === verdict).length;
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const faults = names.flatMap((name) =>
    rows.flatMap(({ name: host, results }) => {
      const { verdict = 'same', why = '' } = results.get(name) ?? {};
      return verdict === 'same' ? [] : [line([name, host, WORDS[verdict], cell(why)])];
    }),
  );
  return [
    '# Converters from Dovecot 2.3 to 2.4, compared',
    '',
    '<!-- Made by `npm run compare:convert` from one run. Do not edit. -->',
    '',
    `${rows.length} configurations (\`test/convert-hosts/\`), each with users, folders, mails, flags, subscriptions, quota and Sieve scripts on a real`,
    `Dovecot ${versions[0]}, moved to a real Dovecot ${versions[1]} and converted there by each converter from the same bytes. Judged by sessions of the users:`,
    `IMAP, POP3, ManageSieve, deliveries by LMTP and LDA, before and after. ${new Date().toISOString().slice(0, 10)}.`,
    '',
    ...names.map((name) => `- **${name}**: ${labels.get(name)}.`),
    '',
    'The configuration upgrader on the web site of the Dovecot project is not in the table: it runs only there. Converters of other people that',
    'are in the form of a program can be added (`HARDEN_MAIL_CONVERTERS`, see `scripts/compare-convert.ts`). The configurations are those of our own tests:',
    'harden-mail has been corrected until they passed, and the others have not.',
    '',
    line(['', ...names]),
    line(['---', ...names.map(() => '---')]),
    ...verdicts.map((verdict) => line([WORDS[verdict], ...names.map((name) => count(name, verdict))])),
    '',
    ...verdicts.map((verdict) => `- ${WORDS[verdict]}: ${MEANS[verdict]}`),
    '',
    '## By configuration',
    '',
    line(['configuration', ...names]),
    line(['---', ...names.map(() => '---')]),
    ...rows.map(({ name, results }) =>
      line([name, ...names.map((one) => WORDS[results.get(one)?.verdict ?? 'refused'])]),
    ),
    '',
    '## What went wrong, or was refused',
    '',
    line(['converter', 'configuration', '', 'the first reason']),
    line(['---', '---', '---', '---']),
    ...faults,
    '',
  ].join('\n');
}
