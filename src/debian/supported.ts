import { HardenMailError } from '../model/errors.ts';
import type { Facts } from '../model/index.ts';
import { satisfies } from '../formats/versions.ts';

/** Throws for a system or a version that this tool does not support: it could misread its configuration. */
export function assertSupported({ os, postfix, dovecot }: Facts, host: string): void {
  if (os.id !== 'debian' && os.id !== 'ubuntu') {
    throw new HardenMailError(
      'UNSUPPORTED_OS',
      `${host} runs ${os.pretty || os.id || 'an unknown system'}, not Debian or Ubuntu`,
      'Nothing was written. This tool supports Debian and Ubuntu only.',
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
