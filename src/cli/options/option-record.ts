import type { CommandName } from '../command-names.ts';

export interface OptionRecord {
  readonly type: 'string' | 'number' | 'boolean';
  readonly describe: string;
  readonly group: 'Hosts' | 'SSH' | 'Hardening' | 'Run' | 'Output';
  readonly only?: readonly CommandName[];
  readonly alias?: string;
  readonly value?: string;
  readonly choices?: readonly string[];
  /** One of the choices is yes and one is no: `--NAME` alone is yes, `--no-NAME` is no, and so is each word for them. */
  readonly isSwitch?: true;
  /** The value is a list of these words, separated by commas. */
  readonly words?: readonly string[];
  readonly default?: string | number | boolean;
}
