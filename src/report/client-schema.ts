import { CLIENT_SECURITY, LOGIN_NAMES, MAIL_PROTOCOLS, SEVERITIES } from '../model/index.ts';
import { once } from './schema-parts.ts';

/** The entries of a mail client's account in the JSON document. */
export const clientsSchema = once((z) =>
  z
    .object({
      server: z.string().describe('the name of the server, which its certificate has'),
      login: z.enum(LOGIN_NAMES).describe('the user name: the whole mail address, or the part before the @'),
      domains: z.array(z.string()).describe("domains of the users' mail addresses"),
      services: z
        .array(
          z.object({
            protocol: z.enum(MAIL_PROTOCOLS),
            port: z.int().min(1).max(65535),
            security: z.enum(CLIENT_SECURITY).describe('`tls`: from the first byte'),
          }),
        )
        .describe('ports on which users log in; for each protocol the preferred one first'),
      refused: z.array(z.string()).describe('what the host refuses although clients may have it set up'),
    })
    .meta({ id: 'clients', description: "the entries of a mail client's account" }),
);

/** A point that an audit would still report. */
export const leftSchema = once((z) =>
  z
    .object({ check: z.string().describe('the check of the audit'), severity: z.enum(SEVERITIES), text: z.string() })
    .meta({ id: 'left' }),
);
