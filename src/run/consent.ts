import { HardenMailError } from '../model/errors.ts';
import { isEmpty, type Replaceable } from '../model/index.ts';
import { planned } from './reading.ts';
import type { RunOptions, Say } from './step.ts';
import type { Connected, Planned } from './visit.ts';

/** A plan, with what the user agreed to replace. */
export interface PlanInDialogue {
  readonly found: Planned;
  readonly consents: readonly Replaceable[];
  /** Was there a question? Then time has passed since the host was read. */
  readonly asked: boolean;
}

/** Plans; asks one question for each choice of the administrator that could be replaced; after a yes, plans again. */
export async function planInDialogue(from: Connected, options: RunOptions, say: Say): Promise<PlanInDialogue> {
  const consents: Replaceable[] = [];
  let asked = false;
  const agrees = async (word: Replaceable, what: string): Promise<boolean> => {
    if (!options.consent || consents.includes(word)) return false;
    asked = true;
    if (!(await options.consent(`${from.visit.name}: ${what}. Replace it?`))) return false;
    consents.push(word);
    return true;
  };
  let found: Planned;
  try {
    found = await planned(from, options, say);
  } catch (error) {
    const word = error instanceof HardenMailError ? error.consent : undefined;
    if (word === undefined || !(await agrees(word, (error as HardenMailError).message))) throw error;
    found = await planned(from, options, say, consents);
  }
  if (isEmpty(found.plan)) return { found, consents, asked };
  const before = consents.length;
  const words = new Set<Replaceable>();
  for (const { consent: word, text } of found.plan.notes) {
    if (word === undefined || words.has(word)) continue;
    words.add(word);
    await agrees(word, text);
  }
  if (consents.length > before) found = await planned(from, options, say, consents);
  return { found, consents, asked };
}
