/**
 * Draws a terminal's screen, with its colours, as an SVG: `tsx scripts/picture.ts <SCREEN.ansi >docs/x.svg`. The screens are those that the
 * tests of the terminal save: `HARDEN_MAIL_PICTURES=FOLDER npm run test:terminal`.
 */
import { text } from 'node:stream/consumers';

const COLORS: Record<string, string> = { 31: '#f47067', 32: '#8ddb8c', 33: '#e0b158', 36: '#6cb6ff' };
const [WIDTH, LINE, LEFT] = [8.43, 19, 16];

// A screen as tmux prints it keeps them over the end of a line.
let [bold, dim, color] = [false, false, ''];

const lines = (await text(process.stdin)).trimEnd().split('\n');
const columns = Math.max(...lines.map((line) => line.replace(/\u001b\[[\d;]*m/g, '').length));
const [width, height] = [Math.ceil(columns * WIDTH + 2 * LEFT), lines.length * LINE + 2 * LEFT];
const rows = lines.map((line, index) => `<text x="${LEFT}" y="${LEFT + (index + 1) * LINE - 5}">${paint(line)}</text>`);
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#cdd9e5;white-space:pre}.b{font-weight:bold}.d{opacity:.6}</style>
<rect width="100%" height="100%" rx="8" fill="#1c2128"/>
${rows.join('\n')}
</svg>
`,
);

/** Select Graphic Rendition: 1 bold, 2 dim, 22 neither, 3x colour, 39 none, 0 nothing of all. */
function paint(line: string): string {
  const select = (code: string): void => {
    if (code === '0' || code === '') [bold, dim, color] = [false, false, ''];
    if (code === '1') bold = true;
    if (code === '2') dim = true;
    if (code === '22') bold = dim = false;
    if (code === '39' || COLORS[code]) color = COLORS[code] ?? '';
  };
  return line
    .split(/(\u001b\[[\d;]*m)/)
    .map((part) => {
      const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1];
      if (codes === undefined) {
        const escaped = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
        const classes = [bold && 'b', dim && 'd'].filter(Boolean).join(' ');
        if (part === '' || (classes === '' && color === '')) return escaped;
        return `<tspan${classes && ` class="${classes}"`}${color && ` fill="${color}"`}>${escaped}</tspan>`;
      }
      codes.split(';').forEach(select);
      return '';
    })
    .join('');
}
