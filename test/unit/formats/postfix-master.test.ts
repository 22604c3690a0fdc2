import assert from 'node:assert/strict';
import {
  addService,
  optionValue,
  parseMaster,
  removeOption,
  renderMaster,
  services,
  setOption,
} from '../../../src/formats/postfix/master-cf.ts';

const FILE = '/etc/postfix/master.cf';
const SMTP = { name: 'smtp', type: 'inet' };
const HEAD = 'smtp      inet  n       -       y       -       -       smtpd';
const parse = (bytes: string) => parseMaster(bytes, FILE);
const set = (bytes: string, name: string, value: string) => renderMaster(setOption(parse(bytes), SMTP, name, value));

describe('formats: master.cf', () => {
  it('the parser reads columns, arguments and options', () => {
    const [service] = services(parse(`${HEAD} -v\n# x\n\n  -o a=1 -o { b = 2, 3 }\n  -oc=$d -o a=4\n`));
    assert.deepEqual(service, {
      name: 'smtp',
      type: 'inet',
      private_: 'n',
      unpriv: '-',
      chroot: 'y',
      wakeup: '-',
      maxproc: '-',
      command: 'smtpd',
      args: ['-v', '-o', 'a=1', '-o', 'b=2, 3', '-o', 'c=$d', '-o', 'a=4'],
      options: [
        { name: 'a', value: '1', line: 4 },
        { name: 'b', value: '2, 3', line: 4 },
        { name: 'c', value: '$d', line: 5 },
        { name: 'a', value: '4', line: 5 },
      ],
      line: 1,
      index: 0,
    });
    assert.equal(service && optionValue(service, 'a'), '4');
    assert.equal(service && optionValue(service, 'z'), null);
  });

  it('options under a commented-out header belong to the last active service', () => {
    const [smtp] = services(parse(`${HEAD}\n#smtps inet n - y - - smtpd\n  -o a=1\n`));
    assert.deepEqual(smtp?.options, [{ name: 'a', value: '1', line: 3 }]);
  });

  it('the options end at the first word that is not an option', () => {
    const [smtp] = services(parse(`${HEAD}\n  -o a=b, c -o d=e\n`));
    assert.deepEqual(smtp?.options, [{ name: 'a', value: 'b,', line: 2 }]);
  });

  it('setOption edits the option that wins', () => {
    assert.equal(
      set(`${HEAD}\n  -o a=1\n  -o b=2 -o a=3 -o c=4\n`, 'a', '9'),
      `${HEAD}\n  -o a=1\n  -o b=2 -o a=9 -o c=4\n`,
    );
    assert.equal(set(`${HEAD}\n  -o {a = 1}\n`, 'a', '9'), `${HEAD}\n  -o {a = 9}\n`);
    const cf = parse(`${HEAD}\n  -o a=1\n`);
    assert.equal(setOption(cf, SMTP, 'a', '1'), cf);
  });

  it('setOption adds an option behind the last one', () => {
    assert.equal(set(`${HEAD}\r\n\t-o b=2\r\n# x\r\n`, 'a', '1'), `${HEAD}\r\n\t-o b=2\r\n\t-o a=1\r\n# x\r\n`);
    assert.equal(set(HEAD, 'a', '1'), `${HEAD}\n  -o a=1\n`);
    assert.equal(set(`${HEAD} -v\n  x y\n`, 'a', '1'), `${HEAD} -v\n  -o a=1\n  x y\n`);
    assert.equal(set(`${HEAD} -v x\n`, 'a', '1'), `${HEAD} -v -o a=1 x\n`);
  });

  it('setOption writes a value with white space in braces', () => {
    assert.equal(set(`${HEAD}\n`, 'a', 'b, c'), `${HEAD}\n  -o { a = b, c }\n`);
    assert.equal(set(`${HEAD}\n  -o a=1 -o c=2\n`, 'a', 'b, c'), `${HEAD}\n  -o { a = b, c } -o c=2\n`);
    assert.equal(set(`${HEAD}\n`, 'a', '${x?{b c}:{}}'), `${HEAD}\n  -o a=\${x?{b c}:{}}\n`);
  });

  it('removeOption removes every occurrence of an option', () => {
    assert.equal(
      renderMaster(removeOption(parse(`${HEAD} -o a=0\n  -o a=1\n  -o b=2 -o a=3\n  -o a=4 -o c=5\n`), SMTP, 'a')),
      `${HEAD}\n  -o b=2\n  -o c=5\n`,
    );
  });

  it('addService adds a service below its whole commented-out sample', () => {
    const stock = `${HEAD}\n#smtps     inet  n       -       y       -       -       smtpd\n#  -o a=1\n#     prose\n#628       inet  n - y - - qmqpd\n`;
    const columns = {
      ...SMTP,
      name: 'smtps',
      private_: 'n',
      unpriv: '-',
      chroot: 'y',
      wakeup: '-',
      maxproc: '-',
      command: 'smtpd',
    };
    const added = renderMaster(
      addService(
        parse(stock),
        columns,
        [
          ['a', '1'],
          ['b', ''],
        ],
        ['submissions', 'smtps'],
      ),
    );
    assert.equal(added, stock.replace('#628', `${HEAD.replace('smtp ', 'smtps')}\n  -o a=1\n  -o b=\n#628`));
    // Uncommented options below the sample are the service's above: the new one must not take them.
    const trap = `${HEAD}\n#smtps inet n - y - - smtpd\n  -o a=1\npickup unix n - y 60 1 pickup\n`;
    assert.deepEqual(
      services(addService(parse(trap), columns, [], ['smtps'])).map(({ name, options }) => [name, options.length]),
      [
        ['smtp', 1],
        ['smtps', 0],
        ['pickup', 0],
      ],
    );
  });

  for (const [bytes, message] of [
    ['smtp inet n - y -\n', '1:18: expected the column "maxproc": a number or -'],
    ['\nsmtp ient n - y - - smtpd\n', '2:6: expected in the column "type": one of inet, unix, unix-dgram, fifo, pass'],
    ['smtp inet x - y - - smtpd\n', '1:11: expected in the column "private": n (an inet service cannot be private)'],
    [`${HEAD} -o { a = b\n  -o c=d\n`, '1:66: expected "}" for this "{"'],
  ] as const) {
    it(`the parser refuses ${JSON.stringify(bytes)}`, () => {
      assert.throws(() => parse(bytes), { code: 'CONFIG_INVALID', message: `${FILE}:${message}` });
    });
  }

  it('setOption refuses to edit a service whose program does not start', () => {
    assert.throws(() => set(`${HEAD}\n  -o\n`, 'a', '1'), { message: `${FILE}:2:5: expected name=value after -o` });
    assert.throws(() => set(`${HEAD}\n  -o a = b\n`, 'a', '1'), { code: 'CONFIG_INVALID' });
  });
});
