/** A world without hosts: connections, files and probes are values in memory, and the host's part of a transaction is a few lines. */
import { HardenMailError, type ErrorCode } from '../../../src/model/errors.ts';
import type { Finding, Host, Snapshot } from '../../../src/model/index.ts';
import { TASKS } from '../../../src/model/index.ts';
import { inThisThread } from '../../../src/compute/compute.ts';
import { memoryRemote } from '../../../src/remote/memory.ts';
import type { Remote } from '../../../src/remote/remote.ts';
import { interruptBy } from '../../../src/run/interrupt.ts';
import type { Io, RunOptions, World } from '../../../src/run/step.ts';
import { cases } from '../../support/plan/cases.ts';

/** Debian 12 with a certificate, with the packages' own files, and without the packages. */
const [STOCK, withoutPackages] = ['recipe/stock-debian-12', 'recipe/nothing-installed'].map(
  (title) => cases().find((one) => one.title === title)!.snapshot,
) as [Snapshot, Snapshot];
const { lineages, takenNames } = STOCK.facts;
const BARE: Snapshot = {
  facts: { ...withoutPackages.facts, lineages, takenNames },
  files: Object.fromEntries(Object.entries(STOCK.files).filter(([path]) => path.startsWith('/etc/letsencrypt/'))),
};

export interface FakeHost {
  readonly name: string;
  /** Fails the next calls of this kind, in turn. */
  readonly fails?: Partial<Record<'connect' | 'gather' | 'commit' | 'confirm' | 'undo', (ErrorCode | null)[]>>;
  /** What the probes see after the change; all is well by default. */
  readonly after?: readonly Finding[];
  /** The host's packages are missing until apt has installed them. */
  readonly bare?: true;
}

export interface Fake {
  readonly world: World;
  /** What was done, in order: `mx1 connect`, `mx1 commit`, … */
  readonly log: string[];
  /** Called before each entry is logged. */
  onEvent: (event: string) => void;
  /** Connections that are open. */
  readonly open: () => number;
}

const WELL: Finding = { port: 25, check: 'answers', status: 'pass', text: 'greets', via: 'direct' };
export const BROKEN: Finding = { ...WELL, status: 'fail', text: 'says nothing' };

export function fakeWorld(hosts: readonly FakeHost[]): Fake {
  const log: string[] = [];
  const state = new Map(hosts.map((host) => [host.name, { installed: !host.bare }]));
  let open = 0;
  let now = 0;
  const fake: Fake = { world: undefined as never, log, onEvent: () => {}, open: () => open };

  function event(name: string, what: string): void {
    fake.onEvent(`${name} ${what}`);
    log.push(`${name} ${what}`);
    const code = hosts.find((host) => host.name === name)?.fails?.[what as 'commit']?.shift();
    if (code) throw new HardenMailError(code, `${name}: ${what} failed`, 'Look.');
  }

  function remoteOf(name: string): Remote {
    const host = state.get(name)!;
    const remote = memoryRemote({
      name,
      run: (_script, { name: what }) => {
        event(name, what);
        if (what === 'install') host.installed = true;
        if (what === 'commit') return { stdout: 'step swap\nawaiting t1\n' };
        if (what === 'confirm') return { stdout: 'end t1 committed end \n' };
        if (what === 'undo') return { stdout: 'end t1 rolled-back confirm a check fails\n' };
        return {};
      },
    });
    open += 1;
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (isOpen) open -= 1;
      isOpen = false;
    };
    return { ...remote, close };
  }

  function snapshotOf(name: string): Snapshot {
    return state.get(name)!.installed ? STOCK : BARE;
  }

  const seen = (name: string): readonly Finding[] => hosts.find((host) => host.name === name)?.after ?? [WELL];
  const world: World = {
    async connect({ name }) {
      event(name, 'connect');
      return remoteOf(name);
    },
    async gather(remote) {
      event(remote.name, 'gather');
      return snapshotOf(remote.name);
    },
    async probe(remote) {
      event(remote.name, 'probe');
      return [...seen(remote.name)];
    },
    beginProbe: () => ({ conclude: async () => [WELL], abandon: () => {} }),
    clock: () => (now += 1000),
    sleep: async () => {},
  };
  return Object.assign(fake, { world });
}

export const HOSTS = (...names: string[]): Host[] =>
  names.map((name) => ({ name, hostname: name, domain: 'mx1.example.test' }));

/** Options of a run in this world; a run that nobody has to agree to. */
export function optionsFor({ world }: Fake, over: Partial<RunOptions> = {}, user = new AbortController()): RunOptions {
  return {
    world,
    compute: inThisThread,
    dryRun: false,
    audit: false,
    outside: false,
    yes: true,
    forks: 1,
    maxFail: 0,
    record: false,
    keep: false,
    mailboxes: 'sample',
    confirmTimeout: 60,
    tasks: TASKS,
    ssh: { acceptNewHostKeys: false },
    interrupt: interruptBy(user.signal),
    who: 'ann',
    version: '1.2.3',
    trust: [],
    ...over,
  };
}

/** Shows nothing, and answers every question with this. */
export function io(answer: () => boolean = () => true): Io {
  return {
    progress: {
      async each(items, width, work) {
        const left = [...items];
        const worker = async (): Promise<void> => {
          for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item, () => {});
        };
        await Promise.all(Array.from({ length: width }, worker));
      },
      aside: (talk) => talk(),
    },
    alike: async (plans) => plans.map((plan) => [plan]),
    show: async () => {},
    ask: async () => answer(),
  };
}
