import assert from 'node:assert/strict';
import { parseArguments, type Flags, type ParsedArguments } from '../../../src/cli/arguments.ts';
import { HardenMailError } from '../../../src/model/errors.ts';
import { COMMANDS } from '../../../src/cli/command-names.ts';
import { envName, OPTIONS } from '../../../src/cli/options.ts';
import type { OptionRecord } from '../../../src/cli/options/option-record.ts';

type Env = Readonly<Record<string, string>>;

const parse = (line: string, env: Env = {}): Promise<ParsedArguments> =>
  parseArguments(line.split(' ').filter(Boolean), env, 80);
const flags = async (line: string, env: Env = {}): Promise<Flags> => {
  const parsed = await parse(line, env);
  if (!('flags' in parsed)) throw new Error(`${line} has no flags`);
  return parsed.flags;
};
const text = async (line: string): Promise<string> => {
  const parsed = await parse(line);
  if (!('text' in parsed)) throw new Error(`${line} is no question`);
  return parsed.text;
};
const refused = async (args: readonly string[], message: RegExp, env: Env = {}): Promise<void> => {
  const error: unknown = await parseArguments(args, env, 80).then(
    () => 'it was taken',
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HardenMailError && error.code === 'USAGE' && error.exit === 3, String(error));
  assert.match(error.message, message);
  assert.doesNotMatch(error.message, /\n/);
  assert.match(error.hint, /--help/);
};

describe('cli: arguments', () => {
  it('apply and verify have the documented defaults and no other value', async () => {
    assert.deepEqual(await parse('apply'), {
      command: 'apply',
      flags: { mailboxes: true, forks: 10, 'confirm-timeout': 60, diff: 'yes', color: 'auto' },
      defaults: {},
    });
    assert.deepEqual(await parse('verify'), {
      command: 'verify',
      flags: { forks: 10, ssh: true, color: 'auto' },
      defaults: {},
    });
  });

  it('a value stands after = or in the next word, and the same value may be repeated', async () => {
    const { host, port, user, domain } = await flags('apply --host=a --port 2222 --user me --domain 123.45 --user me');
    assert.deepEqual([host, port, user, domain], ['a', 2222, 'me', '123.45']);
  });

  it('hosts are plain arguments, a repeated --host, or a list with commas, all together', async () => {
    assert.equal((await flags('check mx1 root@mx2:2222')).host, 'mx1,root@mx2:2222');
    assert.equal((await flags('check --host a,b --host c d')).host, 'a,b,c,d');
    assert.equal((await flags('apply -- mx1')).host, 'mx1');
  });

  it('a setting of hosts that matters to another command only is taken and has no effect', async () => {
    const all =
      '--acme-server https://a.example/d --email a@b.example --webroot /srv --pre-hook x --key-type rsa --ca f --probe-user me';
    for (const command of ['check', 'verify', 'map', 'dns', 'history', 'doctor']) {
      const { host, webroot } = await flags(`${command} a ${all}`);
      assert.deepEqual([host, webroot], ['a', undefined], command);
    }
    await refused(['dns', '--key-type', 'dsa'], /key-type.*"dsa"/);
  });

  it('help COMMAND is COMMAND --help', async () => {
    assert.equal(await text('help check'), await text('check --help'));
  });

  it('an option has a short name and a second name', async () => {
    const { yes, 'dry-run': dryRun } = await flags('apply -y --check');
    assert.deepEqual([yes, dryRun], [true, true]);
  });

  it('--no-NAME and --NAME=no turn an option off', async () => {
    for (const [given, diff] of [
      ['--diff', 'yes'],
      ['--diff=true', 'yes'],
      ['--diff full', 'full'],
      ['--diff=full', 'full'],
      ['--no-diff', 'no'],
      ['--diff=no', 'no'],
      ['--diff=off', 'no'],
      ['', 'yes'],
    ])
      assert.equal((await flags(`apply ${given}`)).diff, diff, given);
    assert.equal((await flags('apply', { HARDEN_MAIL_DIFF: 'false' })).diff, 'no');
    assert.equal((await flags('apply', { HARDEN_MAIL_DIFF: 'full' })).diff, 'full');
    assert.equal((await flags('apply --no-color')).color, 'never');
    assert.equal((await flags('apply --no-yes')).yes, false);
  });

  for (const [argument, dryRun] of [
    ['--dry-run', true],
    ['--dry-run=true', true],
    ['--dry-run=yes', true],
    ['--dry-run=1', true],
    ['--dry-run=On', true],
    ['--check=yes', true],
    ['--dry-run=false', false],
    ['--dry-run=no', false],
    ['--no-dry-run', false],
    ['--no-dry-run=no', true],
  ] as const) {
    it(`${argument} is ${dryRun ? 'a dry run' : 'no dry run'}`, async () => {
      assert.equal((await flags(`apply --host a --yes ${argument}`))['dry-run'], dryRun);
    });
  }

  for (const [args, message] of [
    [[], /^Give a command: apply, check, verify,/],
    [['aply'], /^"aply" is not a command: did you mean "apply"\?$/],
    [['postgres'], /^"postgres" is not a command; the commands are apply, check, verify,/],
    [['toString'], /^"toString" is not a command/],
    [['\u001b[31m'], /^"\\u001b\[31m" is not a command/],
    [['apply', '--hots', 'x'], /^Unknown argument: hots: did you mean "--host"\?$/],
    [['apply', '--dryrun'], /^Unknown argument: dryrun: did you mean "--dry-run"\?$/],
    [['apply', '--zzz'], /^Unknown argument: zzz$/],
    [['apply', 'limit'], /^limit is not a host: did you mean "--limit"\?$/],
    [['apply', 'check'], /^check is a command: give one command$/],
    [
      ['apply', '--profile', 'strict', '--profile', 'standard'],
      /^--profile is given twice, with different values: strict and standard$/,
    ],
    [['apply', '--port', '22', '--port', '23'], /^--port is given twice, with different values: 22 and 23$/],
    [['apply', '--acmeServer', 'x'], /Unknown argument: acmeServer/],
    [['apply', '--host.x', '1'], /Unknown argument: host\.x/],
    [['apply', '--dry-run', 'no'], /^no is not a host: write --NAME=no$/],
    [['apply', '--dry-run=maybe'], /^--dry-run must be yes or no: "maybe"$/],
    [['apply', '-y='], /^--y must be yes or no: ""$/],
    [['apply', '-h'], /Unknown argument: h/],
    [['verify', '--dry-run'], /^Unknown argument: dry-run: it is an option of apply, rollback$/],
    [['verify', '--yes'], /^Unknown argument: yes: it is an option of apply, rollback$/],
    [['apply', '--upgrade-to', 'trixie'], /Unknown argument: upgrade-to: it is an option of check, rehearse$/],
    [['rollback', '--tags', 'sasl'], /Unknown argument: tags: it is an option of apply, check$/],
    [['check', '--acme-sever', 'x'], /Unknown argument: acme-sever$/],
    [['explain', 'a', 'b'], /Unknown argument: b/],
    [['explain', '--host', 'x'], /Unknown argument: host/],
    [['apply', '--host'], /Not enough arguments following: host/],
    [['apply', '--host', '--yes'], /Not enough arguments following: host/],
    [['apply', '--no-host'], /^--host needs a value$/],
    [['apply', '--port'], /Not enough arguments following: port/],
    [['apply', '--port', 'ssh'], /^--port takes a whole number, 1 or higher$/],
    [['apply', '--port', '22.5'], /^--port takes a whole number/],
    [['apply', '--port', '-1'], /^--port takes a whole number/],
    [['apply', '--no-port'], /^--port takes a whole number/],
    [['apply', '--max-fail', '0'], /^--max-fail takes a whole number/],
    [['apply', '--forks', '0'], /^--forks takes a whole number/],
    [['apply', '--color', 'red'], /color.*"red".*"auto", "always", "never"/],
    [['apply', '--profile', 'lax'], /profile.*"lax"/],
  ] as const) {
    it(`these arguments are refused with a reason: ${JSON.stringify(args)}`, () => refused(args, message));
  }

  it('--help shows every command, and each command shows exactly its own options', async () => {
    const all = await text('--help');
    for (const [name, describe] of Object.entries(COMMANDS)) {
      assert.ok(all.includes(`harden-mail ${name}`) && all.includes(describe.split(' ')[0] ?? ''), name);
      const help = await text(`${name} --help`);
      for (const [option, { only }] of Object.entries(OPTIONS) as [string, OptionRecord][]) {
        const home = ['explain', 'report', 'completion'].includes(name);
        const belongs = only?.some((command) => command === name) ?? !home;
        assert.equal(new RegExp(`--${option}\\b(?!-)`).test(help), belongs, `${name} --${option}`);
      }
      for (const line of help.split('\n')) assert.ok(line.length <= 80, line);
    }
  });

  it('completion takes the name of a known shell and refuses another one', async () => {
    assert.deepEqual(await parse('completion zsh'), { command: 'completion', shell: 'zsh' });
    await refused(['completion', 'tcsh'], /shell.*"tcsh".*"bash", "zsh", "fish"/);
    await refused(['completion'], /Not enough/);
  });

  it('report takes an input file and needs --html FILE', async () => {
    assert.deepEqual(await parse('report --html o.html'), { command: 'report', from: undefined, html: 'o.html' });
    assert.deepEqual(await parse('report in.json --html o.html'), {
      command: 'report',
      from: 'in.json',
      html: 'o.html',
    });
    assert.deepEqual(await parse('report', { HARDEN_MAIL_HTML: 'o' }), {
      command: 'report',
      from: undefined,
      html: 'o',
    });
    await refused(['report'], /^report needs --html FILE$/);
    await refused(['report', '--html', 'o', '--host', 'x'], /Unknown argument: host/);
  });

  it('explain takes a setting or nothing', async () => {
    assert.deepEqual(await parse('explain smtpd_tls_auth_only'), {
      command: 'explain',
      setting: 'smtpd_tls_auth_only',
    });
    assert.deepEqual(await parse('explain'), { command: 'explain', setting: undefined });
  });
});

describe('cli: environment variables', () => {
  it('every option has a variable of its own', () => {
    const names = Object.keys(OPTIONS).map(envName);
    assert.deepEqual([...new Set(names)], names);
    for (const name of names) assert.match(name, /^HARDEN_MAIL_[A-Z0-9_]+$/);
  });

  it('a variable loses to a flag and wins over a default', async () => {
    const env = { HARDEN_MAIL_HOST: 'e', HARDEN_MAIL_FORKS: '3', HARDEN_MAIL_DIFF: 'no', HARDEN_MAIL_COLOR: 'never' };
    assert.deepEqual(await flags('apply', env), {
      host: 'e',
      mailboxes: true,
      forks: 3,
      diff: 'no',
      color: 'never',
      'confirm-timeout': 60,
    });
    const { host, forks, diff, color } = await flags('apply --host f --forks 4 --diff --color always', env);
    assert.deepEqual([host, forks, diff, color], ['f', 4, 'yes', 'always']);
  });

  it('a variable for --host is ignored with --inventory, and a variable for --inventory with --host', async () => {
    assert.equal((await flags('apply --inventory x', { HARDEN_MAIL_HOST: 'e' })).host, undefined);
    assert.equal((await flags('apply --host x', { HARDEN_MAIL_INVENTORY: 'e' })).inventory, undefined);
  });

  it('a variable is ignored when it is empty or belongs to another command', async () => {
    const given = await flags('verify', { HARDEN_MAIL_HOST: '', HARDEN_MAIL_DRY_RUN: 'maybe', HARDEN_MAIL_X: 'x' });
    assert.deepEqual(given, { forks: 10, ssh: true, color: 'auto' });
  });

  for (const [value, yes] of [
    ['1', true],
    ['true', true],
    ['YES', true],
    ['on', true],
    ['0', false],
    ['False', false],
    ['no', false],
    ['off', false],
  ] as const) {
    it(`HARDEN_MAIL_DRY_RUN=${value} means ${yes ? 'yes' : 'no'}`, async () => {
      assert.equal((await flags('apply', { HARDEN_MAIL_DRY_RUN: value }))['dry-run'], yes);
    });
  }

  for (const [name, value, message] of [
    ['HARDEN_MAIL_DRY_RUN', 'maybe', /^HARDEN_MAIL_DRY_RUN must be yes or no: "maybe"$/],
    ['HARDEN_MAIL_YES', '2', /^HARDEN_MAIL_YES must be yes or no/],
    ['HARDEN_MAIL_DIFF', ' ', /^HARDEN_MAIL_DIFF must be yes or no/],
    ['HARDEN_MAIL_PORT', 'ssh', /^HARDEN_MAIL_PORT takes a whole number/],
    ['HARDEN_MAIL_FORKS', '0', /^HARDEN_MAIL_FORKS takes a whole number/],
    [
      'HARDEN_MAIL_DRYRUN',
      '1',
      /^HARDEN_MAIL_DRYRUN is not a variable of harden-mail: did you mean "HARDEN_MAIL_DRY_RUN"\?$/,
    ],
    ['HARDEN_MAIL_COLOR', 'red', /^HARDEN_MAIL_COLOR must be one of auto, always, never$/],
  ] as const) {
    it(`${name}=${value} is refused with a reason`, () => refused(['apply'], message, { [name]: value }));
  }
});
