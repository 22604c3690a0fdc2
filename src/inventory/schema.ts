import { z } from 'zod';
import { validHostname, validUser } from './names.ts';

const settings = {
  hostname: z
    .string()
    .refine(validHostname, 'not a host name or address')
    .describe('what to connect to, as ssh takes it; default: the key'),
  port: z.int().min(1).max(65535).describe('SSH port'),
  user: z.string().refine(validUser, 'not a user name').describe('SSH user: root, or one who may use sudo'),
  identity: z
    .string()
    .regex(/^\P{Cc}+$/u, 'not a path')
    .describe('path of a private key on this machine'),
  domain: z
    .string()
    .refine(validHostname, 'not a domain name')
    .describe("the certificate's name; default: what the host's Postfix calls itself"),
  email: z.email().describe('contact address for the certificate authority'),
  acmeServer: z
    .string()
    // By hand: zod would take line ends out of it, and pass the rest.
    .refine((text) => /^https:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text), 'Invalid URL')
    .describe('directory URL of the ACME server; default: Let’s Encrypt'),
  profile: z.enum(['standard', 'strict']).describe('how far to go'),
};

const host = z.strictObject(settings).partial();

/** What flags may say of these is held to the same. */
export const contactSchema = host.pick({ email: true, acmeServer: true });

/** The inventory file: values for all hosts, and the hosts with what differs. */
export const inventorySchema = z.strictObject({
  $schema: z.string().optional(),
  defaults: host.omit({ hostname: true, domain: true }).default({}),
  hosts: z.record(z.string().refine(validHostname, 'not a host name'), host),
});
