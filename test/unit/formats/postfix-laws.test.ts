import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HardenMailError } from '../../../src/model/errors.ts';
import { join } from '../../../src/formats/text/logical-lines.ts';
import { listMembers } from '../../../src/formats/text/lists.ts';
import {
  insertMainMember,
  mainEntries,
  mainValue,
  parseMain,
  removeMain,
  renderMain,
  setMain,
} from '../../../src/formats/postfix/main-cf.ts';
import type { MainCf } from '../../../src/formats/postfix/main-cf.ts';
import {
  addService,
  optionValue,
  parseMaster,
  removeOption,
  renderMaster,
  services,
  setOption,
} from '../../../src/formats/postfix/master-cf.ts';
import type { MasterCf } from '../../../src/formats/postfix/master-cf.ts';
import {
  mainFile,
  masterFile,
  NAMES,
  noise,
  OPTIONS,
  optionValues,
  RUNS,
  SERVICES,
  value,
} from '../../support/formats/postfix-arbitraries.ts';

const words = (text: string) => text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
const name = fc.constantFrom(...NAMES);
const settings = (cf: MainCf) => mainEntries(cf).map((entry) => [entry.name, words(entry.value)] as const);
const partLines = (bytes: string, at: { start: number; line: number } | undefined) =>
  at ? join(bytes, at.start, at.line).lines : [];
const linesWithout = (bytes: string, own: ReadonlySet<number>) =>
  bytes
    .split(/(?<=\n)/)
    .filter((_, index) => !own.has(index + 1))
    .join('');
/** Nothing is lost: without the lines of `own`, and without a line end that was added at the end, these are the same. */
const others = (bytes: string, own: ReadonlySet<number>) => linesWithout(bytes, own).replace(/\r?\n$/, '');

describe('formats: laws of main.cf', () => {
  it('GetPut: a file that is not edited keeps its bytes', () => {
    fc.assert(
      fc.property(fc.oneof(mainFile, noise), (bytes) => {
        try {
          assert.equal(renderMain(parseMain(bytes, 'main.cf')), bytes);
        } catch (error) {
          if (!(error instanceof HardenMailError)) throw error;
        }
      }),
      RUNS,
    );
  });

  it('setMain obeys PutGet and PutPut and changes only the logical line of its parameter', () => {
    fc.assert(
      fc.property(mainFile, name, value, (bytes, key, wanted) => {
        const before = parseMain(bytes, 'main.cf');
        const after = setMain(before, key, wanted);
        assert.deepEqual(words(mainValue(after, key)?.value ?? '-'), words(wanted));
        assert.equal(setMain(after, key, wanted), after);
        assert.deepEqual(parseMain(renderMain(after), 'main.cf'), after);
        // Every other parameter has the value it had, in the order it had.
        const index = before.parameters.findLastIndex((parameter) => parameter.name === key);
        const own = after.parameters.findLastIndex((parameter) => parameter.name === key);
        const rest = (cf: MainCf, skip: number) => settings(cf).filter((_, at) => at !== skip);
        assert.deepEqual(rest(after, own), rest(before, index));
        // Every byte outside the logical line is still there, comments in a multi-line value included.
        const lines = (cf: MainCf, at: number) => new Set(partLines(cf.bytes, cf.parameters[at]));
        assert.equal(others(after.bytes, lines(after, own)), others(before.bytes, lines(before, index)));
      }),
      RUNS,
    );
  });

  it('removeMain removes every occurrence of a parameter and nothing else', () => {
    fc.assert(
      fc.property(mainFile, name, (bytes, key) => {
        const before = parseMain(bytes, 'main.cf');
        const after = removeMain(before, key);
        assert.deepEqual(
          settings(after),
          settings(before).filter(([found]) => found !== key),
        );
        assert.equal(removeMain(after, key), after);
        const own = before.parameters.filter((parameter) => parameter.name === key);
        const gone = new Set(own.flatMap((parameter) => partLines(bytes, parameter)));
        assert.equal(renderMain(after), linesWithout(before.bytes, gone));
      }),
      RUNS,
    );
  });

  it('insertMainMember puts one member in its place', () => {
    const member = fc.constantFrom<string>('a', 'b', 'permit_x', 'hash:/x');
    const list = fc.array(member, { minLength: 1, maxLength: 5 });
    const gap = fc.constantFrom(', ', ' ', ',', ',\n  ', '\n\t', ', \n# c\n\n  ', ' ,\r\n  ');
    fc.assert(
      fc.property(
        list,
        fc.infiniteStream(gap),
        fc.constantFrom('\n', '\n   ', ''),
        fc.option(member, { nil: null }),
        (all, gaps, start, target) => {
          const stream = gaps[Symbol.iterator]();
          const text = all.map((one, at) => (at === 0 ? one : String(stream.next().value) + one)).join('');
          const before = parseMain(`x = ${start === '' ? '' : '\n  '}${text}\ny = 1\n`, 'main.cf');
          const after = insertMainMember(before, 'x', 'new', target);
          const at = target === null || !all.includes(target) ? all.length : all.indexOf(target);
          assert.deepEqual(listMembers(mainValue(after, 'x')?.value ?? ''), all.toSpliced(at, 0, 'new'));
          assert.equal(mainValue(after, 'y')?.value, '1');
          assert.equal(insertMainMember(after, 'x', 'new', target), after);
        },
      ),
      RUNS,
    );
  });
});

const id = fc.constantFrom(...SERVICES).map((text) => {
  const [service = '', type = ''] = text.split(' ');
  return { name: service, type };
});
const shape = (cf: MasterCf) =>
  services(cf).map((service) => ({
    ...service,
    line: 0,
    options: service.options.map((one) => [one.name, one.value]),
  }));

describe('formats: laws of master.cf', () => {
  it('GetPut: a file that is not edited keeps its bytes', () => {
    fc.assert(
      fc.property(fc.oneof(masterFile, noise), (bytes) => {
        try {
          assert.equal(renderMaster(parseMaster(bytes, 'master.cf')), bytes);
        } catch (error) {
          if (!(error instanceof HardenMailError)) throw error;
        }
      }),
      RUNS,
    );
  });

  it('setOption and removeOption obey PutGet and PutPut and change only the entry of their service', () => {
    fc.assert(
      fc.property(masterFile, id, fc.constantFrom(...OPTIONS), optionValues, (bytes, service, option, wanted) => {
        const before = parseMaster(bytes, 'master.cf');
        const at = before.entries.findLastIndex(
          (entry) => entry.service.name === service.name && entry.service.type === service.type,
        );
        const entry = before.entries[at];
        fc.pre(entry !== undefined && entry.fault === null);
        const set = setOption(before, service, option, wanted);
        const removed = removeOption(before, service, option);
        for (const [after, expected] of [
          [set, wanted],
          [removed, null],
        ] as const) {
          const found = services(after)[at];
          assert.equal(found && optionValue(found, option), expected);
          assert.deepEqual(parseMaster(renderMaster(after), 'master.cf'), after);
          const rest = (cf: MasterCf) =>
            shape(cf).map((one, index) =>
              index === at ? { ...one, args: [], options: one.options.filter(([key]) => key !== option) } : one,
            );
          assert.deepEqual(rest(after), rest(before));
          const lines = (cf: MasterCf) => new Set(cf.entries[at]?.joined.lines);
          assert.equal(others(after.bytes, lines(after)), others(before.bytes, lines(before)));
        }
        // Everything behind the command but this option: flags, other options, arguments.
        const args = (cf: MasterCf) =>
          services(cf)[at]?.args.filter(
            (arg, index, all) => !arg.startsWith(`${option}=`) && !all[index + 1]?.startsWith(`${option}=`),
          );
        assert.deepEqual(args(set), args(before));
        assert.deepEqual(args(removed), args(before));
        assert.equal(setOption(set, service, option, wanted), set);
        assert.equal(removeOption(removed, service, option), removed);
      }),
      RUNS,
    );
  });

  it('addService adds one service and changes no other', () => {
    fc.assert(
      fc.property(masterFile, (bytes) => {
        const before = parseMaster(bytes, 'master.cf');
        const columns = {
          name: 'submissions',
          type: 'inet',
          private_: 'n',
          unpriv: '-',
          chroot: 'y',
          wakeup: '-',
          maxproc: '-',
          command: 'smtpd',
        };
        const after = addService(
          before,
          columns,
          [
            ['a', 'b, c'],
            ['d', ''],
          ],
          ['submissions', 'smtps', '465'],
        );
        const added = services(after).findIndex((service) => service.name === 'submissions');
        assert.deepEqual(
          services(after)[added]?.options.map(({ name: key, value: text }) => [key, text]),
          [
            ['a', 'b, c'],
            ['d', ''],
          ],
        );
        const plain = (cf: MasterCf) => shape(cf).map((service) => ({ ...service, index: 0 }));
        assert.deepEqual(plain(after).toSpliced(added, 1), plain(before));
        const own = new Set(after.entries[added]?.joined.lines);
        assert.equal(others(after.bytes, own), others(before.bytes, new Set()));
      }),
      RUNS,
    );
  });
});
