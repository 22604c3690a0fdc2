/** The settings of a certificate request, as flags and inventories have them: the one place that reads and checks them. */
import { HardenMailError } from '../model/errors.ts';
import { REQUEST_SETTINGS, type CertificateRequest } from '../model/index.ts';
import { REQUEST_RULES } from './request-rules.ts';

/** `acmeServer` → `acme-server` */
export function flagOf(setting: keyof CertificateRequest): string {
  return setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The request that flags describe; `acmeCa` is still the name of its file. Throws USAGE for a value that an inventory refuses. */
export async function requestFromFlags(flags: Readonly<Record<string, unknown>>): Promise<CertificateRequest> {
  const request = requestIn(
    Object.fromEntries(REQUEST_SETTINGS.map((setting) => [setting, flags[flagOf(setting)]])) as CertificateRequest,
  );
  for (const [setting, { valid, takes }] of Object.entries(REQUEST_RULES)) {
    const text = request[setting as keyof typeof REQUEST_RULES];
    if (text === undefined || valid(text)) continue;
    const what = `--${flagOf(setting as keyof typeof REQUEST_RULES)} takes ${takes}`;
    throw new HardenMailError('USAGE', what, '`harden-mail COMMAND --help` shows the options.');
  }
  await assertContact(request);
  return request;
}

/**
 * Moves the settings of the request, which an inventory has beside a host's other settings, into one value.
 * @param given settings of flags, which override them
 */
export function nestRequest<T extends object>(
  settings: T,
  given: CertificateRequest = {},
): Omit<T, keyof CertificateRequest> & { readonly request?: CertificateRequest } {
  const isOther = ([name]: [string, unknown]): boolean => !(REQUEST_SETTINGS as readonly string[]).includes(name);
  const others = Object.fromEntries(Object.entries(settings).filter(isOther)) as Omit<T, keyof CertificateRequest>;
  const request = { ...requestIn(settings), ...given };
  return Object.keys(request).length > 0 ? { ...others, request } : others;
}

/** The request among these settings, without values that are undefined. */
function requestIn(settings: { readonly [K in keyof CertificateRequest]?: unknown }): CertificateRequest {
  const given = REQUEST_SETTINGS.filter((setting) => settings[setting] !== undefined);
  return Object.fromEntries(given.map((setting) => [setting, settings[setting]]));
}

/** Throws USAGE for values that the inventory schema refuses. */
export async function assertContact({ email, acmeServer }: CertificateRequest): Promise<void> {
  if (email === undefined && acmeServer === undefined) return;
  const { contactSchema } = await import('./inventory-schema.ts');
  const [issue] = contactSchema.safeParse(requestIn({ email, acmeServer })).error?.issues ?? [];
  if (issue === undefined) return;
  const [flag, like] =
    issue.path[0] === 'email' ? ['--email', 'me@example.org'] : ['--acme-server', 'https://acme.example.org/directory'];
  throw new HardenMailError('USAGE', `${flag}: ${issue.message}`, `Write it like ${like}.`);
}
