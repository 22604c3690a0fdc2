import { HardenMailError } from '../model/errors.ts';
import type { Facts } from '../model/index.ts';
import { satisfies } from '../formats/versions.ts';

/** Stops at what this tool does not know: another system, or versions whose words it could get wrong. */
export function assertSupported({ os, postfix, dovecot }: Facts, host: string): void {
  if (os.id !== 'debian' && os.id !== 'ubuntu') {
    throw new HardenMailError(
      'UNSUPPORTED_OS',
      `${host} runs ${os.pretty || os.id || 'an unknown system'}, not Debian or Ubuntu`,
      'Nothing was written. This tool knows the packages and files of Debian and Ubuntu only.',
    );
  }
  for (const [program, version, range] of [
    ['Postfix', postfix, '>=3.1 <4'],
    ['Dovecot', dovecot, '>=2.2 <2.5'],
  ] as const) {
    if (version !== null && !satisfies(version, range)) {
      throw new HardenMailError(
        'UNSUPPORTED_VERSION',
        `${host} has ${program} ${version}; this tool knows ${range.replace('>=', 'from ').replace('<', 'to before ')}`,
        'Nothing was written. Look for a newer harden-mail.',
      );
    }
  }
}
