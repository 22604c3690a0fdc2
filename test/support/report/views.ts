/**
 * The views of every ending, and the commands of the JSON document. Without a top-level await: mocha would then load each file that
 * imports this in another way than the other files, and the modules of the lab twice.
 */
import type { ChalkInstance } from 'chalk';
import type { HostResult } from '../../../src/model/index.ts';
import { viewOf, viewsOf } from '../../../src/report/ending-view.ts';
import * as apply from '../../../src/run/commands/apply.ts';
import * as check from '../../../src/run/commands/check.ts';
import * as clients from '../../../src/run/commands/mail-clients.ts';
import * as dns from '../../../src/run/commands/dns.ts';
import * as doctor from '../../../src/run/commands/doctor.ts';
import * as history from '../../../src/run/commands/history.ts';
import type { Command, HostCommand } from '../../../src/run/commands/index.ts';
import * as map from '../../../src/run/commands/map.ts';
import * as rehearse from '../../../src/run/commands/rehearse.ts';
import * as rollback from '../../../src/run/commands/rollback.ts';
import * as verify from '../../../src/run/commands/verify.ts';

export { HOST_COMMAND_NAMES } from '../../../src/run/commands/index.ts';

const COMMANDS: Record<HostCommand, Command> = {
  apply,
  check,
  clients,
  dns,
  doctor,
  history,
  map,
  rehearse,
  rollback,
  verify,
};

export const VIEWS = viewsOf(Object.values(COMMANDS).flatMap(({ endings }) => endings));

/** The last lines for a host in a terminal. */
export function endingLine(result: HostResult, chalk: ChalkInstance): string[] {
  return viewOf(VIEWS, result.ending.kind).lines(result, chalk);
}
