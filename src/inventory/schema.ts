import { z } from 'zod';
import { KEY_TYPES } from '../model.ts';
import { validFolder, validHostname, validUser } from './names.ts';

const settings = {
  hostname: z
    .string()
    .refine(validHostname, 'not a host name or address')
    .describe('what to connect to, as ssh takes it; default: the key'),
  port: z.int().min(1).max(65535).describe('SSH port'),
  user: z.string().refine(validUser, 'not a user name').describe('SSH user: root, or one who may use sudo'),
  identity: z.string().min(1).describe('path of a private key on this machine'),
  domain: z
    .string()
    .refine(validHostname, 'not a domain name')
    .describe("the certificate's name; default: what the host's Postfix calls itself"),
  domains: z.array(z.string().refine(validHostname, 'not a domain name')).describe('further names for the certificate'),
  webroot: z
    .string()
    .refine(validFolder, 'not an absolute path')
    .describe('folder on the host that its web server serves for these names; default: found'),
  keyType: z.enum(KEY_TYPES).describe("the certificate's kind of key; default: certbot's"),
  email: z.email().describe('contact address for the certificate authority'),
  acmeServer: z.url({ protocol: /^https$/ }).describe('directory URL of the ACME server; default: Let’s Encrypt'),
  profile: z.enum(['standard', 'strict']).describe('how far to go'),
};

const host = z.strictObject(settings).partial();

/** The inventory file: values for all hosts, and the hosts with what differs. */
export const inventorySchema = z.strictObject({
  $schema: z.string().optional(),
  defaults: host.omit({ hostname: true, domain: true, domains: true }).default({}),
  hosts: z.record(z.string().refine(validHostname, 'not a host name'), host),
});
