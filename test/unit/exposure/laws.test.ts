/** Laws of the exposure programs: what a check more or less means for who is accepted. Pure, from generated lists. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CLIENTS } from '../../../src/exposure/clients.ts';
import { parametersOf } from '../../../src/exposure/config.ts';
import { acceptsMore, byDefault, REFUSES, run, type CheckAnswer } from '../../../src/exposure/decide.ts';
import { LISTS } from '../../../src/exposure/restriction-lists.ts';
import { programOf, type Program } from '../../../src/exposure/program.ts';
import { parseMain } from '../../../src/formats/postfix/main-cf.ts';
import { CLIENT_CLASSES, DESTINATIONS, type ClientClass, type Destination } from '../../../src/model/index.ts';

const SEED = 20_261_129;
const check = fc.integer({ min: 1, max: 5 }).map((n) => `check_policy_service unix:p${n}`);
const known = fc.constantFrom(
  'permit_mynetworks',
  'permit_sasl_authenticated',
  'permit_auth_destination',
  'reject_unauth_destination',
  'reject_sender_login_mismatch',
  'reject_known_sender_login_mismatch',
  'warn_if_reject check_client_access hash:c',
  'reject_rbl_client rbl.test',
  'check_sasl_access hash:s',
  'reject',
  'permit',
);
const list = fc.array(fc.oneof(check, known), { maxLength: 4 });
const short = fc.array(fc.oneof(check, known), { maxLength: 2 });
const lists = fc.record({ client: list, sender: list, relay: list, recipient: list });
/** For laws that try all answers. */
const fewLists = fc.record({ client: fc.constant<string[]>([]), sender: short, relay: short, recipient: short });
type Lists = { readonly [name in 'client' | 'sender' | 'relay' | 'recipient']: readonly string[] };

const who = fc.record({ client: fc.constantFrom(...CLIENT_CLASSES), destination: fc.constantFrom(...DESTINATIONS) });

interface Who {
  readonly client: ClientClass;
  readonly destination: Destination;
}

function program(value: Lists, { client, destination }: Who): Program {
  const lines = Object.entries(value).map(
    ([name, members]) => `${LISTS[name as keyof Lists]} = ${members.join(', ')}\n`,
  );
  const fixed = 'smtpd_sasl_auth_enable = yes\nsmtpd_sender_login_maps = hash:owners\ncompatibility_level = 3.6\n';
  const main = parseMain(fixed + lines.join(''), 'main.cf');
  const parameters = parametersOf(main, null, { postfix: '3.7.11', dovecot: null, postconf: {} });
  return programOf({ parameters, client: CLIENTS[client], destination, version: '3.7.11' });
}

const insert = (members: readonly string[], at: number, one: string): string[] => members.toSpliced(at, 0, one);

const RUNS = { seed: SEED, numRuns: 40 };

describe('The laws of the exposure programs', () => {
  it('Restriction classes that hold one another again and again are refused before the program grows exponentially', () => {
    const names = Array.from({ length: 10 }, (_, n) => `c${n}`);
    const lines = names.map((name, n) => `${name} = ${`${names[n + 1] ?? 'reject'} `.repeat(20)}\n`).join('');
    const text = `smtpd_restriction_classes = ${names.join(' ')}\nsmtpd_client_restrictions = c0\n${lines}`;
    const parameters = parametersOf(parseMain(text, 'main.cf'), null, { postfix: '3.7.11', dovecot: null, postconf: {} }); // oxfmt-ignore
    assert.throws(() => programOf({ parameters, client: CLIENTS.stranger, destination: 'local', version: '3.7.11' }), {
      code: 'CONFIG_INVALID',
      message:
        /^smtpd_client_restrictions and the lists before it have more than 5000 restrictions, with those of their classes$/,
    });
  });

  it('A program accepts no more than itself', () => {
    fc.assert(
      fc.property(lists, who, (value, one) => {
        assert.equal(acceptsMore(program(value, one), program(value, one)), null);
      }),
      RUNS,
    );
  });

  it('No program accepts more than a program without lists, and a program that refuses accepts no more than any other', () => {
    fc.assert(
      fc.property(lists, who, (value, one) => {
        assert.equal(acceptsMore(program(value, one), []), null);
        assert.equal(acceptsMore(REFUSES, program(value, one)), null);
      }),
      RUNS,
    );
  });

  it('A check that only refuses, wherever it is added, makes no program accept more', () => {
    fc.assert(
      fc.property(
        lists,
        who,
        fc.constantFrom('client', 'sender', 'relay', 'recipient'),
        fc.nat(),
        (value, one, name, place) => {
          const members = value[name];
          const more = insert(members, place % (members.length + 1), 'reject_rbl_client another.test');
          assert.equal(acceptsMore(program({ ...value, [name]: more }, one), program(value, one)), null);
        },
      ),
      RUNS,
    );
  });

  it('Removing a refusal makes a program accept more exactly when accepted mail reached that refusal', () => {
    fc.assert(
      fc.property(
        lists,
        who,
        fc.constantFrom('client', 'sender', 'relay', 'recipient'),
        fc.nat(),
        (value, one, name, place) => {
          const members = value[name];
          const more = insert(members, place % (members.length + 1), 'reject_rbl_client another.test');
          const [before, after] = [program({ ...value, [name]: more }, one), program(value, one)];
          const expected = someRun(after, before, (ended, through) => ended === 'accept' && through.includes('reject_rbl_client another.test')); // oxfmt-ignore
          assert.equal(acceptsMore(after, before) !== null, expected);
        },
      ),
      RUNS,
    );
  });

  it('A permit at the end of a list changes nothing for any client', () => {
    fc.assert(
      fc.property(lists, who, fc.constantFrom('client', 'sender', 'relay', 'recipient'), (value, one, name) => {
        const longer = program({ ...value, [name]: [...value[name], 'permit'] }, one);
        assert.equal(acceptsMore(longer, program(value, one)), null);
        assert.equal(acceptsMore(program(value, one), longer), null);
      }),
      RUNS,
    );
  });

  it('Restrictions behind a permit for every client do not count', () => {
    fc.assert(
      fc.property(lists, who, list, (value, one, dead) => {
        const longer = program({ ...value, relay: [...value.relay, 'permit', ...dead] }, one);
        assert.equal(acceptsMore(longer, program(value, one)), null);
        assert.equal(acceptsMore(program(value, one), longer), null);
      }),
      RUNS,
    );
  });

  it('The answers of a witness make the first program accept and the second one refuse', () => {
    fc.assert(
      fc.property(lists, lists, who, (some, others, one) => {
        const [first, second] = [program(some, one), program(others, one)];
        const found = acceptsMore(first, second);
        if (found === null) return;
        assert.equal(run(first, found.answers).end, 'accept');
        for (const other of ['dunno', 'permit', 'refuse'] as const)
          assert.equal(run(second, found.answers, () => other).end, 'refuse', other);
      }),
      RUNS,
    );
  });

  it('Without a witness, no answers make the first program accept and the second one refuse', () => {
    const answers = fc.func(fc.constantFrom<CheckAnswer>('permit', 'refuse', 'dunno'));
    fc.assert(
      fc.property(lists, lists, who, answers, (some, others, one, answer) => {
        const [first, second] = [program(some, one), program(others, one)];
        if (acceptsMore(first, second) !== null) return;
        const ends = [first, second].map((each) => run(each, new Map(), ({ id }) => answer(id)).end);
        assert.notDeepEqual(ends, ['accept', 'refuse']);
      }),
      { ...RUNS, numRuns: 2000 },
    );
  });

  it('acceptsMore finds a witness exactly when trying all answers does', () => {
    fc.assert(
      fc.property(fewLists, fewLists, who, (some, others, one) => {
        const [first, second] = [program(some, one), program(others, one)];
        assert.equal(acceptsMore(first, second) !== null, someRun(first, second, (ended, _, other) => ended === 'accept' && other === 'refuse')); // oxfmt-ignore
      }),
      RUNS,
    );
  });

  it('A program asks each check at most once', () => {
    fc.assert(
      fc.property(lists, who, (value, one) => {
        const { asked } = byDefault(program(value, one));
        assert.equal(new Set(asked).size, asked.length);
      }),
      RUNS,
    );
  });
});

type Seen = (ended: string, asked: readonly string[], other: string) => boolean;

/** Is there a combination of answers, of all checks of both programs, for which this is so? */
function someRun(first: Program, second: Program, so: Seen): boolean {
  const ids = [...idsOf([...first, ...second])];
  const answers = new Map<string, CheckAnswer>();
  return search(0);

  function search(at: number): boolean {
    const [id, step] = ids[at] ?? [];
    if (id === undefined) {
      const [one, other] = [run(first, answers), run(second, answers)];
      if (one.end === 'ask' || other.end === 'ask') throw new Error('every check has an answer');
      return so(one.end, other.asked, other.end);
    }
    const can: CheckAnswer[] = ['dunno', ...(step!.refuses ? ['refuse' as const] : []), ...(step!.permits ? ['permit' as const] : [])]; // oxfmt-ignore
    return can.some((answer) => {
      answers.set(id, answer);
      return search(at + 1);
    });
  }
}

function idsOf(stages: Program): Map<string, { readonly permits: boolean; readonly refuses: boolean }> {
  const steps = stages.flatMap((stage) => stage.steps);
  return new Map(steps.flatMap((step) => (step.kind === 'check' ? [[step.id, step]] : [])));
}
