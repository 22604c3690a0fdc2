/** The views of every ending, and the commands of the JSON document. */
import type { ChalkInstance } from 'chalk';
import type { HostResult } from '../../../src/model/index.ts';
import { viewOf } from '../../../src/report/ending-view.ts';
import { allViews } from '../../../src/run/commands/index.ts';

export { HOST_COMMAND_NAMES } from '../../../src/run/commands/index.ts';

export const VIEWS = await allViews();

/** The last lines for a host in a terminal. */
export function endingLine(result: HostResult, chalk: ChalkInstance): string[] {
  return viewOf(VIEWS, result.ending.kind).lines(result, chalk);
}
