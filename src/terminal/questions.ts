/** Asks the person at the terminal. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Process } from './process.ts';
import { HardenMailError } from '../model/errors.ts';
import { escape } from '../report/escape.ts';

/** Can the run ask a question? */
export function isInteractive({ env, stdin, stderr }: Process): boolean {
  return stdin.isTTY === true && stderr.isTTY === true && !env['CI'];
}

/** The line that the user types; not echoed if `hidden`. */
export async function askUser(question: string, hidden: boolean, process: Process): Promise<string> {
  const { stdin, stderr, signal } = process;
  const text = escape(question);
  if (!isInteractive(process))
    throw new HardenMailError('NOT_CONFIRMABLE', `there is no terminal to ask on: ${text}`, 'Run it in a terminal.');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: hidden ? silent : stderr, terminal: true });
  if (hidden) stderr.write(text);
  try {
    return await reader.question(hidden ? '' : text, { signal });
  } catch {
    if (!hidden) stderr.write('\n'); // the line of the question ends here
    throw new HardenMailError('INTERRUPTED', 'interrupted', 'Nothing more was written.');
  } finally {
    reader.close();
    if (hidden) stderr.write('\n');
  }
}
