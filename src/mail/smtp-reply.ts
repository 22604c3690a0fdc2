import { show } from '../formats/text/show.ts';
import type { Wire } from './wire.ts';
import { ProtocolError } from './wire.ts';

/** One reply, RFC 5321 §4.2: lines `250-text`, the last one `250 text`. */
export async function readReply(wire: Wire): Promise<{ code: number; lines: string[]; text: string }> {
  const lines: string[] = [];
  for (;;) {
    const line = await wire.line();
    const [, code, more, text = ''] = /^([2-5]\d\d)(?:([- ])(.*))?$/.exec(line) ?? [];
    if (!code) throw new ProtocolError(`this is not SMTP: "${show(line)}"`);
    lines.push(text);
    if (more !== '-') return { code: Number(code), lines, text: `${code} ${text}` };
  }
}
