/** docs/exposure.svg: the way of a connection through listener, TLS, AUTH and the restriction lists. `npm run docs` writes it. */
import { LISTS } from '../src/exposure/restriction-lists.ts';

const [WIDTH, HEIGHT] = [880, 610];
const COLOR = { ink: '#cdd9e5', soft: '#8b98a5', line: '#768390', box: '#2d333b', good: '#8ddb8c', bad: '#f47067', ask: '#6cb6ff' }; // oxfmt-ignore

/** The picture as SVG, which nothing else is needed to show. */
export function exposurePicture(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">
<style>text{font:14px system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:${COLOR.ink}}.s{font-size:12px;fill:${COLOR.soft}}.b{font-weight:600}.m{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px}</style>
<defs>${(['line', 'good', 'bad'] as const).map(head).join('')}</defs>
<rect width="100%" height="100%" rx="8" fill="#1c2128"/>
${[...connection(), ...lists(), ...oneList()].join('\n')}
</svg>
`;
}

/** From the client to AUTH. */
function connection(): string[] {
  const boxes: readonly [title: string, ...lines: string[]][] = [
    ['client', 'stranger, mynetworks,', 'user, blocked user'],
    ['listener', 'address and port,', 'postscreen, proxy'],
    ['TLS', 'none, STARTTLS,', 'from the first byte'],
    ['AUTH', 'never, inside TLS,', 'always'],
    ['auth backend', 'socket: owner, mode;', 'mechanisms, passdbs'],
  ];
  const [width, gap, y, height] = [148, 27, 40, 78];
  return [
    title(20, 28, 'A connection'),
    ...boxes.flatMap(([name, ...lines], at) => {
      const x = 16 + at * (width + gap);
      return [
        box(x, y, width, height, name, lines),
        ...(at === 0 ? [] : [arrow(x - gap, y + height / 2, x - 3, y + height / 2)]),
      ];
    }),
  ];
}

/** The lists in their order; a permit leads to the next one, a reject out. */
function lists(): string[] {
  const names = Object.values(LISTS).map((name) => name.replace(/^smtpd_(.*)_restrictions$/, '$1').replace('end_of_data', 'end of data')); // oxfmt-ignore
  const [width, gap, y, height] = [89, 15, 190, 52];
  const end = 16 + names.length * (width + gap);
  return [
    title(20, 170, 'Each mail, list by list (smtpd_…_restrictions)'),
    ...names.flatMap((name, at) => {
      const x = 16 + at * (width + gap);
      return [
        box(x, y, width, height, name),
        arrow(x + width, y + 20, x + width + gap - 3, y + 20, 'good'),
        arrow(x + width / 2, y + height, x + width / 2, 277, 'bad'),
      ];
    }),
    `<rect x="16" y="280" width="${end - 16 - gap}" height="30" rx="6" fill="none" stroke="${COLOR.bad}"/>`,
    `<text x="${(end - gap + 16) / 2}" y="300" text-anchor="middle" fill="${COLOR.bad}">refused: the first reject of any list ends all</text>`,
    box(
      end,
      y - 4,
      WIDTH - end - 14,
      124,
      'accepted',
      ['by every list,', 'then filters,', 'then: own', 'mailbox, or', 'a way out'],
      'good',
    ),
  ];
}

/** First match within one list, for two classes of client. */
function oneList(): string[] {
  const steps: readonly [name: string, stranger: string, network: string][] = [
    ['check_policy_service', 'asked', 'asked'],
    ['permit_mynetworks', 'no match: next', 'permit: leaves'],
    ['reject_rbl_client', 'asked', 'not asked'],
    ['permit_sasl_authenticated', 'no match: next', 'not asked'],
    ['reject_unauth_destination', 'reject', 'not asked'],
  ];
  const [left, y, height] = [250, 400, 36];
  const row = (at: number): number => y + at * height;
  return [
    title(20, 350, 'Inside one list: the first step that decides, decides. A check that has nothing to say leads on.'),
    `<text x="${left + 250}" y="${y - 14}" class="b" text-anchor="middle">a stranger</text>`,
    `<text x="${left + 470}" y="${y - 14}" class="b" text-anchor="middle">a client in mynetworks</text>`,
    ...steps.flatMap(([name, stranger, network], at) => [
      `<rect x="16" y="${row(at)}" width="${left + 90}" height="28" rx="5" fill="${COLOR.box}" stroke="${COLOR.line}"/>`,
      `<text x="28" y="${row(at) + 19}" class="m">${name}</text>`,
      outcome(left + 250, row(at) + 19, stranger),
      outcome(left + 470, row(at) + 19, network),
    ]),
    `<text x="${left + 250}" y="${row(5) + 14}" text-anchor="middle" class="s">refused [1]</text>`,
    `<text x="${left + 470}" y="${row(5) + 14}" text-anchor="middle" class="s">accepted [2]</text>`,
    `<text x="28" y="${row(5) + 14}" class="s">what the map says of mail for elsewhere</text>`,
  ];
}

function outcome(x: number, y: number, text: string): string {
  const color = text.startsWith('permit') ? COLOR.good : text === 'reject' ? COLOR.bad : text === 'asked' ? COLOR.ask : COLOR.soft; // oxfmt-ignore
  return `<text x="${x}" y="${y}" text-anchor="middle" fill="${color}" style="fill:${color}">${text}</text>`;
}

function title(x: number, y: number, text: string): string {
  return `<text x="${x}" y="${y}" class="b">${text}</text>`;
}

function box(
  x: number,
  y: number,
  width: number,
  height: number,
  name: string,
  lines: readonly string[] = [],
  color: 'line' | 'good' = 'line',
): string {
  // oxfmt-ignore
  const middle = x + width / 2;
  const first = lines.length === 0 ? y + height / 2 + 5 : y + 24;
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${COLOR.box}" stroke="${COLOR[color]}"/>`,
    `<text x="${middle}" y="${first}" class="b" text-anchor="middle"${name.length > 10 && width < 100 ? ' style="font-size:12px"' : ''}>${name}</text>`,
    ...lines.map((line, at) => `<text x="${middle}" y="${first + 20 + at * 17}" class="s" text-anchor="middle">${line}</text>`), // oxfmt-ignore
  ].join('');
}

function arrow(x1: number, y1: number, x2: number, y2: number, color: 'line' | 'good' | 'bad' = 'line'): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${COLOR[color]}" stroke-width="1.5" marker-end="url(#${color})"/>`;
}

function head(color: 'line' | 'good' | 'bad'): string {
  return `<marker id="${color}" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${COLOR[color]}"/></marker>`;
}
