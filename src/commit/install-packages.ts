import { HardenMailError } from '../model/errors.ts';
import type { Facts } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { Remote } from '../remote/remote.ts';
import { reasons, words } from './command-words.ts';
import { scriptText } from '../remote/scripts.ts';

/** Installs packages with the host's apt. Throws APT_LOCKED or INSTALL_FAILED with apt's own message. */
export async function installPackages(remote: Remote, packages: readonly string[], facts: Facts): Promise<void> {
  const result = await remote.run(
    [
      `packages=${quote(packages.join(' '))}`,
      `mailname=${quote(facts.hostname)}`,
      scriptText('commit/install.sh'),
    ].join('\n'),
    { name: 'install', intent: 'write' },
  );
  if (result.code === 0) return;
  const said = words(result);
  const holder = /held by process (\d+ \([^)]*\))/.exec(said)?.[1];
  if (holder !== undefined || /(Could not get|Unable to acquire)\b.*\block\b/.test(said)) {
    throw new HardenMailError(
      'APT_LOCKED',
      `apt on ${remote.name} is in use${holder === undefined ? '' : ` by process ${holder}`}`,
      'Nothing was written. Run again when it is done.',
    );
  }
  throw new HardenMailError(
    'INSTALL_FAILED',
    `apt on ${remote.name} could not install ${packages.join(', ')}: ${reasons(said, /^(E|dpkg|Err)[: ]/)}`,
    'No configuration was written. Fix apt on the host (apt-get -f install) and run again.',
  );
}
