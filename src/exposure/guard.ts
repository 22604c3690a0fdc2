import type { Effect, Replaceable, TlsLevel } from '../model/index.ts';
import { CLIENT_NAMES } from './clients.ts';
import { endpoint, looserThan, type Aspect, type Difference, type Model } from './compare.ts';
import { INTENDED, missedCheck, type EffectContext } from './intended.ts';

/** A change that would make something looser and is not an intended effect of the recipe, or that would end all logins somewhere. */
export interface Objection {
  readonly difference: Difference;
  readonly endsLogins?: true;
  /** One sentence without a full stop: who could do what, and the state now. */
  readonly text: string;
}

export interface PlanJudgement {
  readonly objections: readonly Objection[];
  /** The intended effects of the recipe, and everything that becomes stricter. */
  readonly effects: readonly Effect[];
}

/**
 * Checks a plan against the promise: nothing becomes looser for any class of client, except for the recipe's intended effects
 * (intended.ts) and the replacements to which the administrator has agreed.
 */
export function judgePlan(before: Model, after: Model, replace: readonly Replaceable[] = []): PlanJudgement {
  const looser = compared(before, after, looserThan(before, after));
  const opens: Effect[] = [];
  const objections: Objection[] = [];
  for (const difference of looser) {
    const intended = INTENDED.find((one) => one.covers(difference, { before, after, replace }));
    if (intended) opens.push({ kind: 'opens', id: intended.id, text: intended.text(nameOf(difference.id, after)) });
    else objections.push({ difference, text: objection(difference, { before, after, replace }) });
  }
  const stricter = compared(before, after, looserThan(after, before));
  // No step of the recipe ends all logins of a listener: a plan that would do so is wrong.
  for (const difference of stricter.filter(({ aspect }) => aspect === 'login'))
    objections.push({
      difference,
      endsLogins: true,
      text: `${nameOf(difference.id, before)}: nobody could log in any more, inside TLS neither`,
    });
  return { objections, effects: [...unique(opens), ...unique(tightened(stricter, before))] };
}

/** Differences of daemons that were installed before; a new daemon has nothing to compare with. */
function compared({ config }: Model, { config: now }: Model, found: readonly Difference[]): Difference[] {
  return found.filter(({ aspect, id }) => {
    const isDovecot = aspect === 'socket' || /^[\w]+-login\//.test(id);
    return isDovecot
      ? config.dovecot !== null && now.dovecot !== null
      : config.postfix !== null && now.postfix !== null;
  });
}

/** `smtp/inet (25)` */
function nameOf(id: string, { ways }: Model): string {
  const way = ways.find((one) => one.id === id);
  return way?.port ? `${way.port} (${id})` : id;
}

const WORDS: Readonly<Record<Exclude<Aspect, 'mail'>, (one: Difference) => string>> = {
  way: ({ after }) => `nothing listens there now; it ${after}`,
  tls: ({ before, after }) => `TLS would be ${after} instead of ${before}`,
  clear: () => 'passwords would be accepted before TLS',
  login: ({ after }) => `users could log in (${after})`,
  backend: ({ before, after }) => `logins would be checked by ${after} instead of ${before}`,
  mechanisms: ({ before, after }) =>
    `logins would be possible by ${after} instead of ${before}, which lets other users in`,
  addresses: ({ before, after }) => `it would listen on ${after} instead of ${before}`,
  filters: ({ before, after }) => `mail would no longer pass ${[before, after].filter(Boolean).join('; ')}`,
  proxy: ({ before, after }) => `the proxy protocol would be ${after || 'off'} instead of ${before || 'off'}`,
  networks: ({ before, after }) => `mynetworks would be ${after} instead of ${before}`,
  socket: ({ before, after }) => `the socket would be ${after} instead of ${before}`,
  out: ({ before, after }) => `mail would leave with TLS level ${after} instead of ${before}`,
};

/** The reason of `REFUSES`: there is no login. */
const NO_LOGIN = 'nothing is offered there';

function objection(difference: Difference, context: EffectContext): string {
  const { aspect, id, client, destination, before } = difference;
  const name = nameOf(id, context.after);
  if (aspect !== 'mail') return `${name}: ${WORDS[aspect](difference)}`;
  if (difference.unproven) return `${name}: the tool cannot tell from the files what ${before} means`;
  const who = client ? CLIENT_NAMES[client] : 'somebody';
  const does = destination === 'relay' ? 'send mail anywhere' : 'bring mail for this host';
  if (before !== NO_LOGIN) return `${name}: ${who} could ${does}, which ${before} refuses now`;
  const missed = missedCheck(difference, context);
  return `${name}: ${who} could log in and ${does}${missed === null ? '' : ` without ${missed}`}`;
}

/** The stricter differences, with the clients concerned. */
function tightened(differences: readonly Difference[], before: Model): Effect[] {
  const mail = new Map<string, Difference[]>();
  const ways = new Map<string, OfWay[]>();
  const cleartext = differences.filter((one) => endsCleartext(one, before));
  const effects: Effect[] = cleartext.length > 0 ? [withoutCleartext(cleartext, before)] : [];
  for (const one of differences) {
    if (cleartext.includes(one)) continue;
    if (one.aspect === 'mail') {
      if (one.unproven) continue;
      const key = `${one.id} ${one.destination}`;
      mail.set(key, [...(mail.get(key) ?? []), one]);
      continue;
    }
    const text = stricterText(one, before);
    if (text === null) continue;
    const name = nameOf(one.id, before);
    const isOfWay = text.startsWith(`${name}: `);
    const key = isOfWay ? `${one.aspect}${text.slice(name.length)}` : `${one.aspect} ${text}`;
    ways.set(key, [...(ways.get(key) ?? []), { id: one.id, aspect: one.aspect, text }]);
  }
  for (const group of ways.values()) effects.push(...ofGroup(group, before));
  for (const group of mail.values()) {
    const [first] = group;
    if (!first) continue;
    const who = group.flatMap(({ client }) => (client ? [CLIENT_NAMES[client]] : [])).join(', ');
    const what = first.destination === 'relay' ? 'mail for elsewhere' : 'mail for this host';
    const text = `${nameOf(first.id, before)}: ${what} from ${who} is refused (${first.before})`;
    effects.push({ kind: 'tightens', id: 'mail', text });
  }
  return effects;
}

interface OfWay {
  readonly id: string;
  readonly aspect: Aspect;
  readonly text: string;
}

/** The same restriction on several ports is one effect: `143, 993 and 110: logins only by plain (plain login until now)`. */
function ofGroup(group: readonly OfWay[], before: Model): Effect[] {
  const ports = group.map(({ id }) => before.ways.find((one) => one.id === id)?.port ?? null);
  const [first] = group;
  if (!first) return [];
  if (group.length === 1 || ports.includes(null))
    return group.map(({ aspect, text }) => ({ kind: 'tightens', id: aspect, text }));
  const rest = first.text.slice(nameOf(first.id, before).length);
  return [{ kind: 'tightens', id: first.aspect, text: `${listed([...new Set(ports.map(String))])}${rest}` }];
}

/** Sessions without TLS worked until now on a port that everybody knows. */
function endsCleartext({ aspect, id, before: will }: Difference, before: Model): boolean {
  const way = before.ways.find((one) => one.id === id);
  return aspect === 'tls' && will === 'required' && way?.port !== null && PROTOCOLS[way?.program ?? ''] !== undefined;
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  smtpd: 'SMTP',
  'submission-login': 'SMTP',
  'imap-login': 'IMAP',
  'pop3-login': 'POP3',
  'managesieve-login': 'ManageSieve',
};

/** `IMAP and POP3 without TLS end: 143 and 110 ask for STARTTLS` */
function withoutCleartext(differences: readonly Difference[], { ways }: Model): Effect {
  const ended = ways.filter(({ id }) => differences.some((one) => one.id === id));
  const names = [...new Set(ended.map(({ program }) => PROTOCOLS[program] ?? program))];
  const ports = [...new Set(ended.map(({ port }) => String(port)))];
  const text = `${listed(names)} without TLS ${names.length === 1 ? 'ends' : 'end'}: ${listed(ports)} ${ports.length === 1 ? 'asks' : 'ask'} for STARTTLS`;
  return { kind: 'tightens', id: 'tls', text };
}

/** `a, b and c` */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** For a difference with swapped roles: `after` is the present state. */
function stricterText({ aspect, id, before: will, after: was }: Difference, before: Model): string | null {
  const name = nameOf(id, before);
  const way = before.ways.find((one) => one.id === id);
  switch (aspect) {
    case 'way':
      return way ? `${name}: closed (${endpoint(way)})` : null;
    case 'tls':
      return `${name}: ${TLS_WORDS[will as TlsLevel]}`;
    case 'clear':
      return `${name}: passwords are accepted only inside TLS`;
    case 'login':
      return `${name}: no logins any more`;
    case 'mechanisms':
      return `${name}: logins only by ${will || 'nothing'} (${was} until now)`;
    case 'addresses':
      return `${name}: listens only on ${will}`;
    case 'socket':
      return will === 'not there'
        ? `the socket ${id} is removed`
        : `the socket ${id} becomes ${will} (${was} until now)`;
    case 'out':
      return `${id}: mail leaves with TLS level ${will} (${was} until now)`;
    case 'filters':
      return `${name}: mail passes ${was === '' ? will : 'further filters'}`;
    default:
      return null;
  }
}

const TLS_WORDS: Readonly<Record<TlsLevel, string>> = {
  none: 'no TLS',
  optional: 'STARTTLS is offered',
  required: 'nothing is accepted before STARTTLS',
  implicit: 'TLS from the first byte',
};

function unique(effects: readonly Effect[]): Effect[] {
  return [...new Map(effects.map((one) => [`${one.id} ${one.text}`, one])).values()];
}
