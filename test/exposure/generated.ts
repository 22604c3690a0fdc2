/** Generated pairs of main.cf and master.cf. The seed fixes all of them. */

import fc from 'fast-check';
import { UNSET, type Batch, type Entry, type Said, type Saids } from './render.ts';

const KINDS = ['p', 'p', 'p', 'client', 'sender', 'recipient', 'sasl', 'helo'] as const;

/** A check by its token; the numbers are few, so that lists share checks. */
const check = fc
  .tuple(fc.constantFrom(...KINDS), fc.integer({ min: 1, max: 4 }))
  .map(([kind, number]) => `{${kind}${number}}`);

const MISMATCHES = ['', 'authenticated_', 'unauthenticated_', 'known_'].map(
  (one) => `reject_${one}sender_login_mismatch`,
);

const plain = fc.constantFrom(
  'permit_mynetworks',
  'permit_sasl_authenticated',
  'permit_auth_destination',
  'reject_unauth_destination',
  'defer_unauth_destination',
  'reject_non_fqdn_sender',
  ...MISMATCHES,
);

const decisive = fc.constantFrom('reject', 'permit', 'defer', 'defer_if_permit');
const CLASSES = ['inner', 'outer', 'Mixed_Case'] as const;

const classes = fc.constantFrom(...CLASSES);
const open = { weight: 6, arbitrary: check };
const known = { weight: 7, arbitrary: plain };

const listOf = (restriction: fc.Arbitrary<string>, most: number) => {
  const warns = fc.integer({ min: 0, max: 9 });
  const member = fc.tuple(warns, restriction).map(([no, one]) => (no === 0 ? `warn_if_reject ${one}` : one));
  return fc
    .tuple(fc.array(member, { maxLength: most }), fc.constantFrom(', ', ' '))
    .map(([members, separator]) => members.join(separator));
};

const list = (most: number) =>
  listOf(fc.oneof(open, known, { weight: 1, arbitrary: decisive }, { weight: 1, arbitrary: classes }), most);

/** Of a class: it names no other class, for one that comes back to itself ends smtpd. */
const body = (most: number) => listOf(fc.oneof(open, known, { weight: 1, arbitrary: decisive }), most);

/** A list that says who may relay, as most real ones end. No `permit` is in it: behind one smtpd finds no refusal, and dies. */
const closing = fc
  .tuple(
    listOf(fc.oneof(open, known, { weight: 1, arbitrary: fc.constantFrom('reject', 'defer', 'inner') }), 3),
    fc.constantFrom(
      'reject_unauth_destination',
      'defer_unauth_destination',
      'reject',
      'permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination',
    ),
  )
  .map(([first, last]) => (first === '' ? last : `${first}, ${last}`));

const saids: fc.Arbitrary<Saids> = fc.dictionary(
  fc.tuple(fc.constantFrom(...new Set(KINDS)), fc.integer({ min: 1, max: 4 })).map(([kind, n]) => `${kind}${n}`),
  fc.constantFrom<Said>('OK', 'REJECT', 'DEFER', 'DUNNO', 'OK', 'REJECT'),
  { minKeys: 6, maxKeys: 24 },
);

const rarely = <T>(arbitrary: fc.Arbitrary<T>, weight = 3) => fc.option(arbitrary, { nil: undefined, freq: weight });
/** Half of the time. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof(arbitrary, fc.constant(undefined));

const LISTS = {
  smtpd_client_restrictions: rarely(list(3), 1),
  smtpd_helo_restrictions: rarely(list(2), 1),
  smtpd_sender_restrictions: maybe(list(4)),
  smtpd_relay_restrictions: maybe(closing),
  smtpd_recipient_restrictions: maybe(fc.oneof(list(5), closing)),
};

const options = fc
  .record({
    ...LISTS,
    smtpd_data_restrictions: fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: list(2) }), // oxfmt-ignore
    smtpd_sasl_auth_enable: fc.constantFrom(undefined, undefined, undefined, 'yes', 'no'),
    smtpd_tls_security_level: fc.constantFrom(undefined, undefined, undefined, undefined, 'none', 'encrypt'),
    smtpd_tls_auth_only: fc.constantFrom(undefined, undefined, undefined, 'yes', 'no'),
    smtpd_tls_wrappermode: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, undefined, 'yes'),
    smtpd_discard_ehlo_keywords: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 'auth'),
    smtpd_delay_reject: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, undefined, 'no'),
    smtpd_relay_before_recipient_restrictions: fc.constantFrom(undefined, undefined, undefined, undefined, 'no', 'yes'),
  })
  .map(defined);

const entry: fc.Arbitrary<Omit<Entry, 'sentence'>> = fc
  .record({ options, answers: saids })
  .map(({ options: own, answers }) => ({ options: own, answers }));

const main = fc
  .record({
    ...LISTS,
    smtpd_relay_restrictions: fc.oneof(
      { weight: 2, arbitrary: fc.constant('permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination') },
      { weight: 1, arbitrary: closing },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    inner: body(3).map((value) => value || '{p1}'),
    outer: fc.tuple(body(2), body(1)).map(([before, behind]) => [before, 'inner', behind].filter(Boolean).join(', ')),
    Mixed_Case: body(2).map((value) => value || 'permit_mynetworks'),
    compatibility_level: fc.constantFrom('3.6', '3.6', '3.6', '2', '1'),
    smtpd_delay_reject: fc.constantFrom(undefined, undefined, undefined, 'no'),
    smtpd_helo_required: fc.constantFrom(undefined, undefined, 'yes'),
    smtpd_sasl_auth_enable: fc.constantFrom('yes', 'yes', 'yes', 'no'),
    smtpd_tls_auth_only: fc.constantFrom(undefined, undefined, 'yes'),
    smtpd_sender_login_maps: fc.constantFrom(undefined, undefined, undefined, undefined, UNSET),
  })
  .map((one) => ({ ...defined(one), smtpd_restriction_classes: CLASSES.join(', ') }));

function defined(record: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Several entries for each main.cf: what they do not set they inherit. */
export function generatedBatches(seed: number, batches: number, entries: number): Batch[] {
  const batch = fc.record({
    main,
    answers: saids,
    entries: fc.array(entry, { minLength: entries, maxLength: entries }),
  });
  return fc.sample(batch, { seed, numRuns: batches }).map((one, at) => ({
    ...one,
    entries: one.entries.map((own, place) => ({ ...own, sentence: `generated ${at}/${place} of seed ${seed}` })),
  }));
}
