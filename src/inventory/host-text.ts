/** A host as people write it: `mx1`, `root@mx1`, `mx1:2222`, `[2001:db8::1]:2222`, `ssh://root@mx1:2222`. */
export interface HostText {
  readonly hostname: string;
  readonly user?: string;
  readonly port?: number;
}

/** Null for a text that names no host, or a port out of range. An address of IPv6 without brackets has no port. */
export function readHostText(text: string): HostText | null {
  const [, user, bracketed, plain, digits] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^[\]@/:]+))(?::(\d{1,5}))?\/?$/.exec(withBrackets(text)) ?? [];
  const hostname = bracketed ?? plain;
  const port = digits === undefined ? undefined : Number(digits);
  if (hostname === undefined || port === 0 || (port ?? 0) > 65_535) return null;
  return { hostname, ...(user !== undefined && { user }), ...(port !== undefined && { port }) };
}

/** `::1` as `[::1]`. */
function withBrackets(text: string): string {
  return text.replace(/^((?:ssh:\/\/)?(?:[^@]+@)?)([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.%\w]*)$/i, '$1[$2]');
}
