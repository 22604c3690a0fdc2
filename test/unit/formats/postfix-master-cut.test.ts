import assert from 'node:assert/strict';
import { cutOptions, joinOption } from '../../../src/formats/postfix/cut-option.ts';
import { activeServices, optionValue, parseMaster, renderMaster } from '../../../src/formats/postfix/master-cf.ts';

const ENTRY = '10026 inet n - y - - ';
const parse = (bytes: string) => parseMaster(bytes, '/etc/postfix/master.cf');

function joined(bytes: string): string | null {
  let cf = parse(bytes);
  for (let [found] = cutOptions(cf); found; [found] = cutOptions(cf)) {
    const next = joinOption(cf, found.service);
    if (!next) return null;
    cf = next;
  }
  return renderMaster(cf);
}

describe('formats: options of master.cf whose value is cut at a blank', () => {
  const WHOLE: readonly (readonly [what: string, before: string, after: string])[] = [
    ['a list with blanks after its commas', 'smtpd -o smtpd_client_restrictions=permit_mynetworks, reject', 'smtpd -o { smtpd_client_restrictions = permit_mynetworks, reject }'], // oxfmt-ignore
    ['a list with blanks alone', 'smtpd -o smtpd_client_restrictions=permit_mynetworks reject', 'smtpd -o { smtpd_client_restrictions = permit_mynetworks reject }'], // oxfmt-ignore
    ['a blank behind the equals sign', 'smtpd -o smtpd_helo_required= yes', 'smtpd -o smtpd_helo_required=yes'],
    ['options behind a cut value', 'smtpd -o mynetworks=127.0.0.0/8, 10.0.0.0/8 -o syslog_name=x', 'smtpd -o { mynetworks = 127.0.0.0/8, 10.0.0.0/8 } -o syslog_name=x'], // oxfmt-ignore
    ['two cut values', 'smtpd -o mynetworks=a, b -o smtpd_client_restrictions=c, d', 'smtpd -o { mynetworks = a, b } -o { smtpd_client_restrictions = c, d }'], // oxfmt-ignore
    ['lines and comments around a cut value', 'smtpd\n  -o mynetworks=a, b\n# why\n  -o syslog_name=x\n\nother unix - - y - - smtp', 'smtpd\n  -o { mynetworks = a, b }\n# why\n  -o syslog_name=x\n\nother unix - - y - - smtp'], // oxfmt-ignore
    ['a value over two lines', 'smtpd\n  -o mynetworks=a,\n    b\n  -o syslog_name=x', 'smtpd\n  -o { mynetworks = a, b }\n  -o syslog_name=x'], // oxfmt-ignore
  ];
  for (const [what, before, after] of WHOLE)
    it(`joinOption writes the whole value: ${what}`, () =>
      assert.equal(joined(`${ENTRY}${before}\n`), `${ENTRY}${after}\n`));

  it('joinOption makes the options behind a cut value readable', () => {
    const cf = parse(joined(`${ENTRY}smtpd -o mynetworks=a, b -o syslog_name=x\n`) ?? '');
    const [service] = activeServices(cf);
    assert.deepEqual([optionValue(service!, 'mynetworks'), optionValue(service!, 'syslog_name')], ['a, b', 'x']);
  });

  for (const [what, text] of [
    ['an option without its -o', 'smtpd -o smtpd_helo_required=yes syslog_name=x'],
    ['a word without any option', 'smtpd reject'],
    ['two words of a value that is not a list', 'smtpd -o syslog_name=a b'],
    ['braces that do not close', 'smtpd -o mynetworks=a, b}'],
    ['a word behind an option in braces', 'smtpd -o { mynetworks = a } b'],
  ] as const)
    it(`cutOptions reports an unclear value and joinOption leaves it alone: ${what}`, () => {
      const bytes = `${ENTRY}${text}\n`;
      assert.equal(cutOptions(parse(bytes))[0]?.option, null);
      assert.equal(joined(bytes), null);
    });

  for (const text of [
    'smtpd -o { mynetworks = a, b }',
    'smtpd -v',
    'spawn user=nobody argv=/bin/x -o a=b c',
    'pipe flags=R user=x argv=/bin/y',
    'dbmail a b',
  ])
    // oxfmt-ignore
    it(`cutOptions finds nothing in ${text}`, () => assert.deepEqual(cutOptions(parse(`${ENTRY}${text}\n`)), []));
});
