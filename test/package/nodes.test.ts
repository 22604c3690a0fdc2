/**
 * The package in an empty prefix under each Node that `engines` admits, with every command on a real host, and under one that
 * it does not admit. The Nodes are npm's own packages. Prints a table at the end.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npmNode } from '../../scripts/npm-node.ts';
import { COMMANDS } from '../../src/cli/command-names.ts';
import { lab, type LabHost } from '../../src/lab/lab.ts';
import { issuedBy, to, type Outcome } from '../support/cli.ts';
import { assertAnswers, assertOnePackage, installPackage, packFromClone, runInstalled } from '../support/package.ts';
import { sizeOf, type Installed } from '../support/package.ts';

/** The two oldest versions that are admitted, and the newest of each major version. */
const ADMITTED = ['20.19.0', '22.12.0', '20', '22', '24', '26'];
const TOO_OLD = '18';

const nodeOf = (version: string): string => npmNode(version).program;

describe('the package under each Node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-nodes-'));
  const rows: string[] = [];
  let tarball: string;
  let host: LabHost;
  let way: string[];
  let authority: string[];

  before(async () => {
    tarball = packFromClone(folder);
    host = await lab.host({ mail: true });
    way = to(host);
    authority = await issuedBy(await lab.acme());
  });
  after(async () => {
    await host?.stop();
    rmSync(folder, { recursive: true, force: true });
    const head =
      '| Node | packages | tarball | unpacked | install | warnings | commands |\n|---|---|---|---|---|---|---|';
    console.log(`\n${head}\n${rows.join('\n')}`);
  });

  for (const admitted of ADMITTED) {
    it(`Node ${admitted} installs one package without a warning, and every command runs from it`, async () => {
      const installed = installPackage(tarball, join(folder, `prefix-${admitted}`), nodeOf(admitted));
      assertOnePackage(installed);
      await assertAnswers(installed);
      const ran = await everyCommand(installed);
      assert.deepEqual([...ran].sort(), Object.keys(COMMANDS).sort());
      const version = execFileSync(installed.node, ['--version'], { encoding: 'utf8' }).trim();
      const [packed, unpacked] = [statSync(tarball).size, sizeOf(installed.folder)];
      const megabytes = [packed, unpacked].map((size) => `${(size / 1e6).toFixed(2)} MB`);
      rows.push(
        `| ${[version, 1, ...megabytes, `${installed.seconds.toFixed(1)} s`, 'none', `all ${ran.size}`].join(' | ')} |`,
      );
    });
  }

  it(`Node ${TOO_OLD} is refused in one line, with exit code 3`, async () => {
    const node = nodeOf(TOO_OLD);
    // npm's own version need not run on it: the package that another Node has installed is what is started.
    const prefix = join(folder, `prefix-${ADMITTED[0]}`);
    const old = { node, prefix, folder: '', output: '', seconds: 0 };
    const { code, stdout, stderr } = await runInstalled(old, ['check', '--host', host.address]);
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /^harden-mail needs Node\.js 20\.19, 22\.12 or later; this is 18\.[\d.]+\n$/);
    rows.push(`| ${/18[\d.]+/.exec(stderr)?.[0]} | | | | | | refused in one line, exit 3 |`);
  });

  /** Hardens the host, looks at it in every way, and takes the change back. Returns the commands that ran. */
  async function everyCommand(installed: Installed): Promise<Set<string>> {
    const ran = new Set<string>();
    const run = async (expected: number, command: string, ...args: string[]): Promise<Outcome> => {
      const outcome = await runInstalled(installed, [command, ...args]);
      assert.equal(outcome.code, expected, `${command} ${args.join(' ')}: ${outcome.stdout}${outcome.stderr}`);
      assert.doesNotMatch(outcome.stderr, /warning|deprecat|\(node:/i, command);
      ran.add(command);
      return outcome;
    };
    for (const command of Object.keys(COMMANDS)) {
      const help = await run(0, command, '--help');
      assert.match(help.stdout, new RegExp(`^harden-mail ${command}`));
    }
    ran.clear(); // a help text is no run
    const ca = authority.slice(2);
    await run(0, 'doctor', ...way);
    await run(2, 'check', ...way, ...ca);
    await run(0, 'rehearse', ...way, ...ca);
    await run(0, 'apply', '--yes', ...way, ...authority);
    const { stdout } = await run(0, 'check', '--json', ...way, ...ca);
    await run(0, 'verify', ...way, ...ca);
    await run(0, 'map', ...way);
    await run(0, 'dns', ...way);
    await run(0, 'clients', ...way);
    await run(0, 'rollback', '--yes', ...way, ...ca);
    assert.match((await run(0, 'history', ...way)).stdout, /transactions/);
    const [document, page] = ['document.json', 'page.html'].map((name) => join(installed.prefix, name)) as [string, string]; // oxfmt-ignore
    writeFileSync(document, stdout);
    await run(0, 'report', document, '--html', page);
    assert.ok(existsSync(page));
    await run(0, 'explain', 'smtpd_tls_auth_only');
    for (const shell of ['bash', 'zsh', 'fish']) await run(0, 'completion', shell);
    return ran;
  }
});
