/** Random main.cf and master.cf files: valid ones with every awkward thing that the grammar allows, and plain noise. */
import fc from 'fast-check';

export const RUNS = { numRuns: Number(process.env['HARDEN_MAIL_RUNS'] ?? 500) };

/** Real parameters, so that the real postconf shows them. */
export const NAMES = ['mydestination', 'mynetworks', 'relayhost', 'smtpd_banner', 'smtpd_recipient_restrictions'];
const WORDS = [
  'a',
  'b,',
  ',',
  'c=d',
  '=',
  'x#y',
  '$myhostname',
  '${a?{b}:{c}}',
  '{',
  '}',
  '"q"',
  '\\',
  'caf\xc3\xa9',
  '\xff',
  'hash:/etc/x,',
];
const EOL = fc.constantFrom('\n', '\n', '\n', '\r\n');
const BLANK = fc.constantFrom(' ', ' ', '  ', '\t', ' \t ');
const MAYBE_BLANK = fc.oneof(fc.constant(''), BLANK);

// No stray $: postconf refuses values that it cannot expand.
const word = fc.oneof(fc.constantFrom(...WORDS), fc.stringMatching(/^[!-#%-~\x80-\xff]{1,6}$/));
/** A word that may begin a line without being a comment. */
const firstWord = word.filter((text) => !text.startsWith('#'));

/** A value on one line. */
export const value = fc.array(fc.tuple(word, BLANK), { maxLength: 4 }).map((words) =>
  words
    .map(([text, blank]) => text + blank)
    .join('')
    .replace(/^[ \t]+|[ \t]+$/g, ''),
);

/** Lines that Postfix skips. `#name = …` looks like a sample. */
const skipped = fc.oneof(
  fc.tuple(MAYBE_BLANK, EOL).map((parts) => parts.join('')),
  fc.tuple(MAYBE_BLANK, fc.constantFrom('#', '# ', '##'), value, EOL).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('#', '# '), fc.constantFrom(...NAMES), fc.constantFrom('=', ' = '), value, EOL)
    .map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('#\t', '#   '), value, EOL).map((parts) => parts.join('')),
);

const continuation = fc
  .tuple(fc.array(skipped, { maxLength: 2 }), BLANK, firstWord, BLANK, value, MAYBE_BLANK, EOL)
  .map(([noise, ...parts]) => noise.join('') + parts.join(''));

const parameter = fc
  .tuple(
    fc.constantFrom(...NAMES),
    MAYBE_BLANK,
    fc.constant('='),
    MAYBE_BLANK,
    value,
    MAYBE_BLANK,
    EOL,
    fc.array(continuation, { maxLength: 3 }),
  )
  .map(([name, ...parts]) => name + parts.flat().join(''));

const dropped = fc.tuple(BLANK, firstWord, EOL).map((parts) => parts.join(''));

/** Cuts the last line end off, or not. */
const ends = (text: fc.Arbitrary<string>) =>
  fc.tuple(text, fc.boolean()).map(([bytes, open]) => (open ? bytes.replace(/\r?\n$/, '') : bytes));

export const mainFile = ends(
  fc
    .tuple(fc.option(dropped, { nil: '' }), fc.array(fc.oneof(parameter, parameter, skipped), { maxLength: 8 }))
    .map(([first, rest]) => first + rest.join('')),
);

export const noise = fc
  .array(
    fc.constantFrom(
      'a',
      '=',
      ' ',
      '\t',
      '\n',
      '\n',
      '\r\n',
      '#',
      '$',
      '{',
      '}',
      '-o',
      'smtp',
      '\0',
      '\xef\xbb\xbf',
      '\xff',
      '\v',
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

// ── master.cf ──

export const SERVICES = ['smtp inet', 'smtps inet', '465 inet', 'smtp unix', 'pickup unix'] as const;
export const OPTIONS = ['smtpd_tls_wrappermode', 'smtpd_sasl_auth_enable', 'syslog_name', 'smtpd_client_restrictions'];
const plainValue = fc.constantFrom(
  'yes',
  'no',
  '',
  'a,b',
  'postfix/smtps',
  '$x',
  '${x?{a}:{b}}',
  '${x?{a b}:{c, d}}',
  'a=b',
  'x#y',
  '\xff',
);
const spacedValue = fc.constantFrom('a, b', 'permit_sasl_authenticated, reject', '{ a = b } c', 'a  b', '# a');
export const optionValues = fc.oneof(plainValue, spacedValue);

const optionName = fc.constantFrom(...OPTIONS);
const option = fc.oneof(
  fc
    .tuple(fc.constantFrom('-o ', '-o\t', '-o', '-vo '), optionName, fc.constant('='), plainValue)
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('-o {', '-o { '),
      optionName,
      MAYBE_BLANK,
      fc.constant('='),
      MAYBE_BLANK,
      optionValues,
      fc.constantFrom('}', ' }'),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('-v', '-D', '-vv'),
);
const optionLine = fc
  .tuple(fc.array(skipped, { maxLength: 2 }), BLANK, fc.array(option, { minLength: 1, maxLength: 2 }), MAYBE_BLANK, EOL)
  .map(([before, blank, options, ...rest]) => before.join('') + blank + options.join(' ') + rest.join(''));
const restLine = fc
  .tuple(BLANK, fc.constantFrom('flags=DRhu user=vmail argv=/x -d ${r}', '-- -o a=b', '{ a b } c', 'c -o a=b'), EOL)
  .map((parts) => parts.join(''));

const service = fc
  .tuple(
    fc.constantFrom(...SERVICES),
    fc.constantFrom(' n - y - - smtpd', '\tn\t-\t-\t-\t-\tsmtpd', ' n y n 60? 1 smtpd'),
    fc.option(
      fc.tuple(BLANK, option).map((parts) => parts.join('')),
      { nil: '' },
    ),
    MAYBE_BLANK,
    EOL,
    fc.array(optionLine, { maxLength: 3 }),
    fc.option(restLine, { nil: '' }),
  )
  .map((parts) => parts.flat().join(''));

const sample = fc
  .tuple(
    fc.constantFrom('#smtps     inet  n - y - - smtpd', '#465 inet n - y - - smtpd'),
    EOL,
    fc.array(fc.constantFrom('#  -o a=b\n', '#     prose\n', '# -o c=d\n'), { maxLength: 3 }),
  )
  .map((parts) => parts.flat().join(''));

export const masterFile = ends(
  fc.array(fc.oneof(service, service, skipped, sample), { maxLength: 6 }).map((parts) => parts.join('')),
);
