/**
 * `npm run compare:rehearse`: every host of test/hosts is rehearsed, then the same is done to the host itself: apply, verify, rollback, and for
 * some on Debian 12 the upgrade to 13 with apply and verify after it. Compares the verdicts, the acts that fail, the outages and every
 * changed file, and writes docs/rehearse-compare.md. Needs root; takes an hour or two.
 *
 *     HARDEN_MAIL_HOSTS=NAME,NAME npm run compare:rehearse    some hosts; the document is not written
 *     HARDEN_MAIL_UPGRADES=none npm run compare:rehearse      `none`, `all`, `only` (each of HARDEN_MAIL_HOSTS), or names of hosts that are upgraded
 *
 * Each result is kept in build/compare-rehearse/: a run that was stopped goes on where it was. Remove the folder to start anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../src/lab/image.ts';
import type { ReleaseName } from '../src/lab/images.ts';
import { lab } from '../src/lab/lab.ts';
import type { LabHost } from '../src/lab/lab.ts';
import { gather } from '../src/gather/gather.ts';
import { unpackSnapshot } from '../src/gather/unpack.ts';
import { capture } from '../src/rehearse/capture.ts';
import { cluesOf } from '../src/rehearse/stand-ins.ts';
import type { Remote } from '../src/remote/remote.ts';
import { hardenMail, scratch, to } from '../test/support/cli.ts';
import { joinClients } from '../test/support/whole-hosts/clients.ts';
import { hostNames, readHost } from '../test/support/whole-hosts/read.ts';
import { have, setUp } from '../test/support/whole-hosts/sessions.ts';
import { document } from './compare/rehearse/document.ts';
import { Life } from './compare/rehearse/life.ts';
import {
  BUSY,
  disagreements,
  NOT_REHEARSED,
  outageDifferences,
  plain,
  type Compared,
} from './compare/rehearse/outcome.ts';

const DOCUMENT = new URL('../docs/rehearse-compare.md', import.meta.url);
const KEPT = fileURLToPath(new URL('../build/compare-rehearse/', import.meta.url));
const HOSTS = process.env['HARDEN_MAIL_HOSTS']?.split(',');
/** Hosts of different kinds; each upgrade takes minutes. */
const UPGRADES = process.env['HARDEN_MAIL_UPGRADES'] ?? 'office-465,passwd-file,sasl-only,postscreen,milter,imap-only';
const NEXT: Partial<Record<ReleaseName, ReleaseName>> = { bookworm: 'trixie' };

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly release: ReleaseName;
  readonly upgradeTo?: ReleaseName;
}

interface Document {
  readonly hosts: readonly {
    readonly rehearsal?: Compared['rehearsed'] & { readonly verdict: string };
    readonly error?: { readonly message: string };
  }[];
}

function cases(): Case[] {
  const wanted = hostNames().filter((name) => HOSTS === undefined || HOSTS.includes(name));
  const isUpgraded = (folder: string): boolean => ['all', 'only'].includes(UPGRADES) || UPGRADES.split(',').includes(folder); // oxfmt-ignore
  return wanted.flatMap((folder) =>
    readHost(folder).host.releases.flatMap((release): Case[] => {
      const upgradeTo = NEXT[release];
      const stays = { name: `${folder}@${release}`, folder, release };
      const goes = upgradeTo && isUpgraded(folder) ? [{ ...stays, name: `${stays.name}-${upgradeTo}`, upgradeTo }] : [];
      return UPGRADES === 'only' ? goes : [...(goes.length > 0 ? [] : [stays]), ...goes];
    }),
  );
}

/** The host as the rehearsal's own code for hosts reaches it, without SSH. */
function remoteOf(host: LabHost): Remote {
  return {
    ...{ name: host.name, address: host.address },
    async run(script) {
      const { code, stdout } = await host.exec('sh -s | base64 -w 0', { input: script });
      return { code, stdout: Buffer.from(stdout, 'base64'), stderr: Buffer.alloc(0) };
    },
    forward: () => Promise.reject(new Error('nothing is forwarded')),
    close: () => Promise.resolve(),
  };
}

async function compareOne({ name, folder, release, upgradeTo }: Case): Promise<Compared> {
  const data = readHost(folder);
  const { packages, ca, flags } = data.host;
  const host = await lab.host({
    ...{ release, mail: true, name: data.host.name },
    ...(packages.length > 0 && { also: packages }),
    ...(upgradeTo !== undefined && { upgradeTo }),
  });
  const clients = await joinClients(host);
  const busy = watchLoad();
  try {
    await setUp(host, folder, data.host);
    const authority = await lab.acme();
    const roots = [await authority.root(), ...(ca === undefined ? [] : [String(await host.read(ca))])];
    const own = [...to(host), '--ca', scratch('roots.pem', roots.join('\n')), ...flags];
    const rehearsed = await rehearse(own, upgradeTo);
    const about = { name, description: data.host.description, release, ...(upgradeTo !== undefined && { upgradeTo }) };
    if (NOT_REHEARSED.test(rehearsed.refusal ?? ''))
      return { ...about, rehearsed, happened: { good: false, acts: [] }, sessions: 0, disagreements: [], unjudged: [], load: 0 }; // oxfmt-ignore
    const remote = remoteOf(host);
    const snapshot = await gather(remote, {}, unpackSnapshot);
    const clues = cluesOf(await capture(remote, Object.keys(snapshot.files)));
    let refusal: string | undefined;
    const run = async (command: string) => {
      const more =
        command === 'verify' ? [] : ['--yes', ...(command === 'apply' ? ['--acme-server', authority.directory] : [])];
      const { code, stdout, stderr } = await hardenMail([command, '--json', ...more, ...own]);
      const { hosts } = (stdout === '' ? { hosts: [] } : JSON.parse(stdout)) as { hosts: { outcome: string; error?: { message: string }; transaction?: unknown }[] }; // oxfmt-ignore
      const fault = code === 0 ? '' : (hosts[0]?.error?.message ?? `it ended with ${code}: ${stderr || stdout}`);
      if (command === 'apply' && fault !== '') refusal ??= fault;
      return { fault, isChanged: hosts[0]?.outcome === 'changed' };
    };
    const talk = () => have(host, clients, data.host, data.sessions);
    const happened = await new Life({ host, clues, data, run, talk }).play(upgradeTo);
    const isRefused = rehearsed.refusal !== undefined && happened.acts.length === 1;
    const course = isRefused && refusal !== undefined ? { ...happened, refusal } : happened;
    const load = busy.end();
    const [found, other] = [disagreements(rehearsed, course), outageDifferences(rehearsed, course)];
    return {
      ...about,
      ...{ rehearsed, happened: course, sessions: data.sessions.length, load },
      disagreements: load < BUSY ? [...found, ...other] : found,
      unjudged: load < BUSY ? [] : other,
    };
  } finally {
    busy.end();
    clients.stop();
    await host.stop();
  }
}

/** The highest load from now on. */
function watchLoad(): { readonly end: () => number } {
  let highest = 0;
  const look = (): void => void (highest = Math.max(highest, loadavg()[0] ?? 0));
  const timer = setInterval(look, 5000);
  return {
    end() {
      clearInterval(timer);
      look();
      return Math.round(highest * 10) / 10;
    },
  };
}

async function rehearse(own: readonly string[], upgradeTo: string | undefined): Promise<Compared['rehearsed']> {
  const upgrade = upgradeTo === undefined ? [] : ['--upgrade-to', upgradeTo];
  const { stdout, stderr } = await hardenMail(['rehearse', '--json', ...upgrade, ...own], { HARDEN_MAIL_LAB_CACHE: cacheFolder() }); // oxfmt-ignore
  if (stdout === '') throw new Error(`the rehearsal printed no document: ${stderr}`);
  const [result] = (JSON.parse(stdout) as Document).hosts;
  if (result?.rehearsal) return result.rehearsal;
  return { good: false, acts: [], refusal: result?.error?.message ?? stderr };
}

/** Outages that could not be judged are measured again while the machine has no other work. */
function isAgain(file: string): boolean {
  const { unjudged } = JSON.parse(readFileSync(file, 'utf8')) as Compared;
  return unjudged.length > 0 && (loadavg()[0] ?? 0) < BUSY - 1;
}

async function main(): Promise<void> {
  mkdirSync(KEPT, { recursive: true });
  const all = cases();
  for (const one of all) {
    const file = join(KEPT, `${one.name}.json`);
    if (existsSync(file) && !isAgain(file)) continue;
    const result = await compareOne(one).catch((error: unknown) => String((error as Error).stack));
    if (typeof result === 'string') {
      console.log(`${one.name}\tnot compared\t${result}`);
      continue;
    }
    writeFileSync(file, JSON.stringify(result, null, 1));
    const { rehearsed, disagreements: found, unjudged, load } = result;
    const said = rehearsed.refusal === undefined ? rehearsed.verdict : `refused: ${plain(rehearsed.refusal)}`;
    console.log(`${one.name}\t${found.length === 0 ? 'agrees' : 'DISAGREES'}\t${said}`);
    for (const text of found) console.log(`\t${text}`);
    for (const text of unjudged) console.log(`\tnot judged, at a load of ${load}: ${text}`);
    await sleep(0);
  }
  lab.close();
  if (HOSTS !== undefined || process.env['HARDEN_MAIL_UPGRADES'] !== undefined) return;
  const kept = readdirSync(KEPT)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(KEPT, file), 'utf8')) as Compared);
  writeFileSync(DOCUMENT, document(kept));
}

void main();
