/** Run by scripts/build.mjs, which writes the result beside the program. */
import { parseArguments } from './arguments.ts';
import { COMMANDS, SHELLS } from './command-names.ts';
import { completion } from './completion.ts';
import { preparedName, WIDTHS, type PreparedTexts } from './prepared-texts.ts';

export { packTexts } from './prepared-texts.ts';

/** The output of each command line that `preparedName` knows. */
export async function prepareTexts(): Promise<PreparedTexts> {
  const texts: Record<string, string> = {};
  for (const shell of SHELLS) texts[preparedName(['completion', shell], undefined)!] = completion(shell);
  for (const width of WIDTHS) {
    for (const args of [['--help'], ...Object.keys(COMMANDS).map((name) => [name, '--help'])]) {
      const parsed = await parseArguments(args, {}, width);
      if ('text' in parsed) texts[preparedName(args, width)!] = `${parsed.text}\n`;
    }
  }
  return texts;
}
