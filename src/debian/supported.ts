import { HardenMailError } from '../model/errors.ts';
import type { Facts } from '../model/index.ts';
import { distribution } from './releases.ts';
import { satisfies } from '../formats/versions.ts';

/** Throws for a system or a version that this tool does not support: it could misread its configuration. */
export function assertSupported({ os, postfix, dovecot }: Facts, host: string): void {
  if (os.id !== 'debian' && os.id !== 'ubuntu') {
    throw new HardenMailError(
      'UNSUPPORTED_OS',
      `${host} runs ${os.pretty || os.id || 'an unknown system'}, not Debian or Ubuntu`,
      os.base === undefined
        ? 'Nothing was written. This tool supports Debian and Ubuntu only.'
        : `Nothing was written. It is built on ${distribution(os.base)!.name} (${os.base}): --assume-os treats it as that.`,
    );
  }
  for (const [program, version, range] of [
    ['Postfix', postfix, '>=3.1 <4'],
    ['Dovecot', dovecot, '>=2.2 <2.5'],
  ] as const) {
    if (version !== null && !satisfies(version, range)) {
      throw new HardenMailError(
        'UNSUPPORTED_VERSION',
        `${host} has ${program} ${version}; this tool supports ${range}`,
        'Nothing was written. Check for a newer release of harden-mail.',
      );
    }
  }
}

/** The same host as the release that it is built on (--assume-os); unchanged if it is Debian or Ubuntu, or built on neither. */
export function assumeBase(facts: Facts): Facts {
  const { os } = facts;
  const base = os.base === undefined ? null : distribution(os.base);
  if (!base || os.base === undefined) return facts;
  return { ...facts, os: { id: base.os, versionId: base.versionId, codename: os.base, pretty: `${os.pretty}, treated as ${base.name}`, assumed: true } }; // oxfmt-ignore
}
