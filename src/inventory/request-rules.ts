import type { CertificateRequest } from '../model/index.ts';
import { validCommand, validFolder } from './valid-names.ts';

interface Rule {
  readonly valid: (text: string) => boolean;
  /** In an inventory: `not a command on one line`. */
  readonly wrong: string;
  /** Of a flag: `takes a command, on one line`. */
  readonly takes: string;
}

const command: Rule = {
  valid: validCommand, // certbot stores the command as one line of a file
  wrong: 'not a command on one line',
  takes: 'a command, on one line',
};

/** Rules that need no validator, which is slow to load. */
export const REQUEST_RULES = {
  webroot: { valid: validFolder, wrong: 'not an absolute path', takes: 'an absolute path on the host' },
  preHook: command,
  postHook: command,
} as const satisfies Partial<Record<keyof CertificateRequest, Rule>>;
