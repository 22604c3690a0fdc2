/**
 * The intended effects of the recipe (standard) and of strict on sessions: the only ways in which a session may differ
 * after a run. A host names those that it may show; anything else that differs is a finding.
 */

import type { Result } from './schema.ts';

interface Effect {
  readonly profile: 'standard' | 'strict';
  /** The effect in one sentence, for people. */
  readonly says: string;
  /** Gives `after` with this effect taken out of it; without a change where what differs is not of its form. */
  undo(before: Result, after: Result, name: string): Result;
}

const lost = (before: readonly string[] | undefined, after: readonly string[] | undefined, gone: RegExp) =>
  before && after && before.filter((one) => !gone.test(one)).join() === after.join() ? before : after;

/** Effects on single sessions have no form of their own: the session itself says what comes out (`after`, `strict`). */
export const EFFECTS: Readonly<Record<string, Effect>> = {
  certificate: {
    profile: 'standard',
    says: 'A self-signed certificate is replaced by a valid one that has the host’s name.',
    undo: (before, after, name) =>
      before.names && after.names?.includes(name) ? { ...after, names: before.names } : after,
  },
  'login mechanism': {
    profile: 'standard',
    says: 'LOGIN is offered where PLAIN is.',
    undo(before, after) {
      const without = (was: readonly string[] | undefined, is: readonly string[] | undefined) =>
        was?.includes('PLAIN') && !was.includes('LOGIN') ? is?.filter((one) => one !== 'LOGIN') : is;
      const [clear, tls] = [without(before.clear, after.clear), without(before.tls, after.tls)];
      return { ...after, ...(clear && { clear }), ...(tls && { tls }) };
    },
  },
  'no login in clear': {
    profile: 'standard',
    says: 'A login is neither offered nor taken before TLS.',
    undo: (before, after) =>
      before.clear && after.clear?.length === 0 && after.starttls === true ? { ...after, clear: before.clear } : after,
  },
  'starttls offered': {
    profile: 'standard',
    says: 'A port that had no TLS offers STARTTLS; what it offered in clear it offers inside TLS.',
    undo(before, after) {
      if (before.starttls !== false || after.starttls !== true) return after;
      const { tls: _tls, ...rest } = after;
      return { ...rest, starttls: false, names: [] };
    },
  },
  'login on 25': {
    profile: 'standard',
    says: 'Port 25 offers AUTH inside TLS, where users are held there to all that they are held to elsewhere.',
    undo: (before, after) =>
      before.name === 'offers 25' && before.tls?.length === 0 ? { ...after, tls: before.tls } : after,
  },
  '465 opens': {
    profile: 'standard',
    says: 'Port 465 answers, with TLS from the first byte.',
    undo: (before, after) =>
      before.name === 'offers 465' && before.outcome === 'closed' && after.tls?.length ? before : after,
  },
  'marked as users’ own': {
    profile: 'standard',
    says: 'Filters are told that mail on 465 is users’ own (ORIGINATING), where no name was set for them.',
    undo: (_before, after) => after, // the session itself says what the filter did
  },
  '993 and 995 open': {
    profile: 'standard',
    says: 'IMAP and POP3 inside TLS are served where they were served in clear only.',
    undo: (before, after) =>
      ['offers 993', 'offers 995'].includes(before.name) && before.outcome === 'closed' && after.tls ? before : after,
  },
  'no login on 25': {
    profile: 'strict',
    says: 'Port 25 offers no AUTH.',
    undo: (before, after) =>
      before.name === 'offers 25' && after.tls?.length === 0
        ? { ...after, ...(before.tls && { tls: before.tls }) }
        : after,
  },
  '587 opens': {
    profile: 'strict',
    says: 'Port 587 answers, and wants TLS before all else.',
    undo: (before, after) =>
      before.name === 'offers 587' && before.outcome === 'closed' && after.clear?.length === 0 ? before : after,
  },
  'no weak mechanisms': {
    profile: 'strict',
    says: 'CRAM-MD5 and the like are no longer offered.',
    undo(before, after) {
      const gone = /^(CRAM-MD5|DIGEST-MD5|APOP|NTLM)$/;
      const [clear, tls] = [lost(before.clear, after.clear, gone), lost(before.tls, after.tls, gone)];
      return { ...after, ...(clear && { clear }), ...(tls && { tls }) };
    },
  },
  'users only': {
    profile: 'strict',
    says: '587 refuses a stranger before it looks at the recipient.',
    undo: (before, after) =>
      before.outcome === after.outcome && after.replies.at(-1)?.includes('Client host rejected: Access denied') === true
        ? { ...after, replies: before.replies }
        : after,
  },
};

/** Takes the named effects out of `after`, as far as they are there. */
export function without(effects: readonly string[], before: Result, after: Result, name: string): Result {
  return effects.reduce((rest, id) => EFFECTS[id]?.undo(before, rest, name) ?? rest, after);
}
