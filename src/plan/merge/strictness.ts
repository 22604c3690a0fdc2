import type { Scale } from '../../fragments/fragment.ts';

/** Words of an OpenSSL cipher list that allow only suites with forward secrecy and AEAD (openssl-ciphers(1)). */
const STRONG_WORDS = ['ECDHE+AESGCM', 'EECDH+AESGCM', 'ECDHE+CHACHA20', 'EECDH+CHACHA20'];

const TLS_VERSIONS = ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
/** The same versions by their numbers on the wire, which Postfix accepts from 3.6 on. */
const TLS_NUMBERS = [0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304];

/**
 * Is the current value as strict as the wanted one, or stricter? Null if the scale does not know the value: it is the admin's
 * own, and the tool does not change what it does not understand.
 */
export function asStrict(current: string, wanted: string, scale: Scale): boolean | null {
  switch (scale.by) {
    case 'ladder': {
      const rungs = scale.rungs.map((rung) => rung.toLowerCase());
      const at = rungs.indexOf(current.toLowerCase());
      return at < 0 ? null : at >= rungs.indexOf(wanted.toLowerCase());
    }
    case 'protocols': {
      const words = protocolWords(current);
      if (words === null) return null;
      const limit = allowed(protocolWords(wanted) ?? []);
      return !misreads(current, wanted) && allowed(words).every((version) => limit.includes(version));
    }
    case 'mode': {
      const bits = /^[0-7]+$/.test(current) ? Number.parseInt(current, 8) : null;
      return bits === null ? null : (bits & ~Number.parseInt(wanted, 8)) === 0;
    }
    case 'ciphers':
      return cipherWords(current).every((word) => cipherWords(wanted).includes(word) || STRONG_WORDS.includes(word));
    case 'limit': {
      const [now, most] = [current, wanted].map(Number);
      return /^\d+$/.test(current) ? now! > 0 && now! <= most! : null;
    }
    case 'delay': {
      const [now, least] = [seconds(current), seconds(wanted)];
      return now === null || least === null ? null : now >= least;
    }
  }
}

/**
 * The value that replaces one that is not strict enough: the wanted one, without the versions that the current value excludes
 * by name.
 */
export function raised(current: string, wanted: string, scale: Scale): string {
  if (scale.by !== 'protocols') return wanted;
  const left = allowed((protocolWords(current) ?? []).filter(({ operator }) => operator !== ''));
  const limit = allowed(protocolWords(wanted) ?? []);
  const shut = limit.filter((version) => !left.includes(version));
  // A list that allows no version would turn TLS off.
  const further = shut.length < limit.length ? shut : [];
  return [wanted, ...further.map((version) => `!${version}`)].join(
    wanted.includes(',') || !wanted.includes(' ') ? ', ' : ' ',
  );
}

/**
 * The words of a cipher list that allow suites. Words that exclude suites (`!`, `-`) or move them to the end (`+`) do not
 * count, and neither do suites of TLS 1.3, which have a setting of their own. `@SECLEVEL` may weaken, so it counts.
 */
function cipherWords(list: string): string[] {
  return list.split(/[:, ]+/).filter((word) => word !== '' && !/^([!+-]|@STRENGTH$|TLS_)/.test(word));
}

/** Parses a time of Dovecot to seconds: `2 secs`, `500ms`, `1 min`; without a unit, seconds. Null for any other text. */
function seconds(time: string): number | null {
  const [, number = '', unit = ''] =
    /^(\d+)\s*(|ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?)$/i.exec(time) ?? [];
  if (number === '') return null;
  return Number(number) * (/^m(s|illi)/i.test(unit) ? 0.001 : /^m/i.test(unit) ? 60 : 1);
}

/** Postfix before 3.6 cannot parse a range: it turns TLS off. `wanted` shows the syntax of the installed release. */
function misreads(current: string, wanted: string): boolean {
  return /[<>]=/.test(current) && !/[<>]=/.test(wanted);
}

interface ProtocolWord {
  readonly operator: string;
  /** Index in TLS_VERSIONS. */
  readonly at: number;
}

/**
 * Parses a protocol list: `>=TLSv1.2`, `!SSLv2, !SSLv3`, or `TLSv1.2, TLSv1.3`, in any case (Postfix postconf(5),
 * smtpd_tls_mandatory_protocols). Null if a word is not of this form.
 */
function protocolWords(value: string): ProtocolWord[] | null {
  const words = value
    .split(/[\s,:]+/)
    .filter(Boolean)
    .map((word) => {
      const [, operator = '', name = ''] = /^(!|>=|<=)?(.+)$/.exec(word) ?? [];
      return { operator, at: versionAt(name) };
    });
  return words.every(({ at }) => at >= 0) ? words : null;
}

/** The versions that a list allows. A list that names none starts from all. */
function allowed(words: readonly ProtocolWord[]): string[] {
  const named = words.filter(({ operator }) => operator === '').map(({ at }) => at);
  return TLS_VERSIONS.filter(
    (_, version) =>
      (named.length === 0 || named.includes(version)) &&
      words.every(({ operator, at }) => {
        if (operator === '!') return version !== at;
        if (operator === '>=') return version >= at;
        return operator !== '<=' || version <= at;
      }),
  );
}

/** The index of a version in TLS_VERSIONS; -1 if it is unknown. */
function versionAt(name: string): number {
  const at = TLS_VERSIONS.findIndex((version) => version.toLowerCase() === name.toLowerCase());
  return at >= 0 ? at : /^(0x)?[0-9a-f]+$/i.test(name) ? TLS_NUMBERS.indexOf(Number.parseInt(name, 16)) : -1;
}
