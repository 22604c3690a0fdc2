/** Stops a run on a host whose daemons refuse their own files, unless the plan repairs exactly that. Pure. */
import { HardenMailError } from '../../model/errors.ts';
import { mainValue, parseMain } from '../../formats/postfix/main-cf.ts';
import { redact } from '../../formats/redact.ts';
import { PATHS, CONVERSION, type Facts, type Plan, type Refusal, type Snapshot } from '../../model/index.ts';
import { DOVECOT_CONF, MAIN_CF } from '../workspace.ts';

/** The place where a daemon's parser stopped, and its own message. */
interface Place {
  readonly file: string | null;
  readonly line: number | null;
  readonly text: string;
}

const CALLED = { postfix: 'Postfix', dovecot: 'Dovecot' } as const;
const ASK = { postfix: '`postfix check`', dovecot: '`doveconf -n -x`' } as const;

/**
 * @param plan the plan to carry out; null: none
 * @throws CONFIG_INVALID if a daemon refuses its files as they are and the plan does not repair exactly that
 */
export function assertAccepted(snapshot: Snapshot, plan: RepairingPlan | null): void {
  const open = refusalsOf(snapshot).filter((one) => plan === null || !repairs(plan, one, placeOf(one, snapshot)));
  const [first] = open;
  if (!first) return;
  const place = placeOf(first, snapshot);
  const told = open.map((one) => redact(sentence(placeOf(one, snapshot))));
  throw new HardenMailError(
    'CONFIG_INVALID',
    `${CALLED[first.daemon]} refuses its files as they are: ${told[0]}`,
    `Nothing was written. ${place.line === null ? 'Fix that' : `Fix line ${place.line} of ${place.file}`}; once ${ASK[first.daemon]} has no error left, run again.`,
    told.length > 1 ? { excerpt: told.join('\n') } : {},
  );
}

/** The refusals that count. A daemon without its main file does not count: it has no files to refuse. */
function refusalsOf({ facts, files }: Snapshot): Refusal[] {
  return (facts.refusals ?? []).filter(({ daemon }) => files[daemon === 'postfix' ? MAIN_CF : DOVECOT_CONF]);
}

type RepairingPlan = Pick<Plan, 'actions' | 'settings' | 'changes'>;

/**
 * True if the plan converts files of Dovecot 2.3, creates the file that is missing, or changes the very line: the host checks the
 * result before it goes live.
 */
function repairs(plan: RepairingPlan, { daemon, text: message }: Refusal, place: Place): boolean {
  const { settings, changes } = plan;
  if (daemon === 'dovecot' && settings.some(({ fragment }) => fragment === CONVERSION)) return true;
  if (/Can't open file|No such file/.test(message) && created(plan).some((path) => message.includes(path))) return true;
  const { file, line } = place;
  if (file === null || line === null) return false;
  const change = changes.find(({ path, target }) => path === file || target === file);
  const text = change?.before?.split('\n')[line - 1];
  return text !== undefined && change?.after?.split('\n').includes(text) !== true;
}

/** Paths that the plan creates: the folder of a certificate that it requests, and new files. */
function created({ actions, changes }: RepairingPlan): string[] {
  const lineages = actions.flatMap((action) =>
    action.kind === 'certificate' ? [`${PATHS.LIVE}/${action.name}/`] : [],
  );
  return [...lineages, ...changes.filter(({ before }) => before === null).map(({ path }) => path)];
}

function sentence({ file, line, text }: Place): string {
  return file === null ? text : `${file}${line === null ? '' : `:${line}`}: ${text}`;
}

function placeOf({ daemon, text }: Refusal, snapshot: Snapshot): Place {
  return daemon === 'dovecot' ? inDovecot(text) : inPostfix(text, snapshot);
}

/** Parses `Error in configuration file FILE line N: WHY`. For a block without an end, the place is the line where it begins. */
function inDovecot(text: string): Place {
  const [, why = '', from = '', start = ''] = /: (.*) \(section started at (\/.*):(\d+)\)$/.exec(text) ?? [];
  if (start !== '') return { file: from, line: Number(start), text: `${why} (the block that begins here)` };
  const [, file, line, said] = /^Error in configuration file (\/.*?)(?: line (\d+))?: (.*)$/.exec(text) ?? [];
  if (file === undefined || said === undefined) return { file: null, line: null, text };
  return { file, line: line === undefined ? null : Number(line), text: said };
}

/** Parses `/etc/postfix/main.cf, line N: WHY`. If the message names only a parameter, the place is the line that sets it. */
function inPostfix(text: string, { files }: Snapshot): Place {
  const [, file, line, said] = /^(\/\S+), line (\d+): (.*)$/.exec(text) ?? [];
  if (file !== undefined && said !== undefined) return { file, line: Number(line), text: said };
  const [, set, told] = /^bad \w+ configuration: (\w+)|\bparameter (\w+)\b/.exec(text) ?? [];
  const [, protocols] = /^unknown (inet_protocols) value/.exec(text) ?? [];
  const name = set ?? told ?? protocols ?? (text.includes('compatibility level') ? 'compatibility_level' : undefined);
  const bytes = files[MAIN_CF]?.bytes;
  const entry = name !== undefined && bytes !== undefined ? mainValue(parseMain(bytes, MAIN_CF), name) : null;
  return entry ? { file: MAIN_CF, line: entry.line, text } : { file: null, line: null, text };
}

/** The line of `doctor` for a host where no refusal stops a run. */
export function askedOf({ refusals = [], postfix, dovecot }: Facts): string {
  const [first] = refusals;
  if (first)
    return `${CALLED[first.daemon]} refuses its files as they are, and an apply repairs that: ${redact(first.text)}`;
  const there = [postfix === null ? '' : 'Postfix', dovecot === null ? '' : 'Dovecot'].filter(Boolean);
  return `the parsers of ${there.join(' and ') || 'no daemon'} accept the files as they are`;
}
