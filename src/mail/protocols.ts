import type { MailProtocol } from '../model/index.ts';
import { imap } from './imap.ts';
import { pop3 } from './pop3.ts';
import type { Protocol } from './protocol.ts';
import { smtp } from './smtp.ts';

export const PROTOCOLS: Readonly<Record<MailProtocol, Protocol>> = { smtp, imap, pop3 };
