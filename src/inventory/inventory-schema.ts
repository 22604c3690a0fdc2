import { z } from 'zod';
import { KEY_TYPES, PROFILES, REPLACEABLE, SERVICES } from '../model/index.ts';
import { REQUEST_RULES } from './request-rules.ts';
import { validFile, validHostname, validUser } from './valid-names.ts';

const settings = {
  hostname: z
    .string()
    .refine(validHostname, 'not a host name or address')
    .describe('address to connect to, as ssh takes it; default: the key'),
  port: z.int().min(1).max(65535).describe('SSH port'),
  user: z.string().refine(validUser, 'not a user name').describe('SSH user: root, or a user with sudo'),
  identity: z
    .string()
    .regex(/^\P{Cc}+$/u, 'not a path')
    .describe('path of a private key on this machine'),
  domain: z
    .string()
    .refine(validHostname, 'not a domain name')
    .describe("the certificate's name; default: the myhostname of the host's Postfix"),
  domains: z
    .array(z.string().refine(validHostname, 'not a domain name'))
    .describe('additional names for the certificate'),
  webroot: z
    .string()
    .refine(REQUEST_RULES.webroot.valid, REQUEST_RULES.webroot.wrong)
    .describe('folder on the host from which its web server serves these names; default: detected'),
  preHook: z
    .string()
    .refine(REQUEST_RULES.preHook.valid, REQUEST_RULES.preHook.wrong)
    .describe('command that certbot runs on the host before it answers on port 80 itself, at renewals too'),
  postHook: z
    .string()
    .refine(REQUEST_RULES.postHook.valid, REQUEST_RULES.postHook.wrong)
    .describe('command that certbot runs afterwards'),
  keyType: z.enum(KEY_TYPES).describe("the certificate's key type; default: certbot's"),
  cert: z
    .string()
    .refine(validFile, 'not an absolute path of plain characters')
    .describe("your own certificate with its chain, a path on the host, in place of certbot's; with key"),
  key: z
    .string()
    .refine(validFile, 'not an absolute path of plain characters')
    .describe('its private key, a path on the host'),
  sni: z
    .array(
      z.strictObject({
        names: z
          .array(z.string().refine(validHostname, 'not a domain name'))
          .min(1)
          .describe('the names that it is served for; certbot keeps it under the first'),
        cert: z
          .string()
          .refine(validFile, 'not an absolute path of plain characters')
          .optional()
          .describe('your own certificate, as with cert above; with key'),
        key: z.string().refine(validFile, 'not an absolute path of plain characters').optional(),
      }),
    )
    .describe('additional names with certificates of their own (SNI), each from certbot or your own; default: none'),
  email: z.email().describe('contact address for the certificate authority'),
  acmeServer: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'Invalid URL') // the check below ignores a line feed
    .pipe(z.url({ protocol: /^https$/ }))
    .describe('directory URL of the ACME server; default: Let’s Encrypt'),
  acmeCa: z
    .string()
    .regex(/^\P{Cc}+$/u, 'not a path')
    .describe('path, on this machine, of the root certificates (PEM) of the ACME server'),
  profile: z.enum(PROFILES).describe('how strict; default: the profile of the last apply, else standard'),
  requireTlsInbound: z
    .boolean()
    .describe('strict: refuse mail that arrives on port 25 without TLS; default: as last applied, else no'),
  pop3: z.boolean().describe('strict: false closes POP3; default: as last applied, else true'),
  assumeOs: z
    .boolean()
    .describe('treat a system that is built on Debian or Ubuntu as the release that it is built on; default: false'),
  serve: z
    .array(z.enum(SERVICES))
    .describe('services to add although the host does not serve them; default: no change'),
  noServe: z.array(z.enum(SERVICES)).describe('services to stop; default: no change'),
  replace: z
    .array(z.enum(REPLACEABLE))
    .describe('choices of the administrator that apply may replace although they work; default: none'),
};

const host = z.strictObject(settings).partial();

/** Flags with these values get the same validation. */
export const contactSchema = host.pick({ email: true, acmeServer: true });

/** Settings that several hosts can share. */
const shared = host.omit({ hostname: true, domain: true, domains: true, sni: true });

const group = shared.extend({
  hosts: z.array(z.string().min(1)).min(1).describe('members: names or globs of hosts below'),
});

/** The inventory file: values for all hosts, for groups, and for each host. */
export const inventorySchema = z.strictObject({
  $schema: z.string().optional(),
  defaults: shared.default({}).describe('for every host'),
  groups: z
    .record(z.string().regex(/^[A-Za-z][\w-]*$/, 'not a group name'), group)
    .default({})
    .describe('for their members; a later group overrides an earlier one, and the host overrides both'),
  hosts: z.record(z.string().refine(validHostname, 'not a host name'), host),
});

/** Every name that the file may contain, to suggest one for a typing error. */
export const settingNames = [...Object.keys(settings), 'names', 'defaults', 'groups', 'hosts'];

export type Inventory = z.infer<typeof inventorySchema>;
export type Issue = z.core.$ZodIssue;
