import type { Scale } from '../fragments/fragment.ts';

const TLS_VERSIONS = ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** Is what stands there as strict as what is wanted, or stricter? A value that the scale does not know counts as such:
 * it is the admin's own, and what is not understood is not touched. */
export function asStrict(current: string, wanted: string, scale: Scale): boolean {
  switch (scale.by) {
    case 'ladder': {
      const at = scale.rungs.indexOf(current);
      return at < 0 ? current !== '' : at >= scale.rungs.indexOf(wanted);
    }
    case 'protocols': {
      const may = allowedProtocols(current);
      const limit = allowedProtocols(wanted);
      return may !== null && limit !== null && may.every((version) => limit.includes(version));
    }
    case 'mode': {
      const bits = Number.parseInt(current, 8);
      return Number.isNaN(bits) || (bits & ~Number.parseInt(wanted, 8)) === 0;
    }
  }
}

/**
 * The TLS versions that a Postfix protocol list lets through: `>=TLSv1.2`, `!SSLv2, !SSLv3`, or `TLSv1.2, TLSv1.3`
 * (Postfix postconf(5), smtpd_tls_mandatory_protocols). Null for words that are none of these.
 */
function allowedProtocols(value: string): string[] | null {
  const words = value.split(/[\s,:]+/).filter(Boolean);
  const named = words.filter((word) => TLS_VERSIONS.includes(word));
  let allowed = named.length > 0 ? named : TLS_VERSIONS;
  for (const word of words) {
    const [, operator, version = ''] = /^(!|>=|<=)?(.+)$/.exec(word) ?? [];
    const at = TLS_VERSIONS.indexOf(version);
    if (at < 0) return null;
    if (operator === '!') allowed = allowed.filter((one) => one !== version);
    if (operator === '>=') allowed = allowed.filter((one) => TLS_VERSIONS.indexOf(one) >= at);
    if (operator === '<=') allowed = allowed.filter((one) => TLS_VERSIONS.indexOf(one) <= at);
  }
  return allowed;
}
