/** The style of the page of `report --html`: light or dark as the reader prefers, everything unfolded in print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c1e21; --soft: #5d646d; --line: #e3e5e8; --wash: #f6f7f8;
  --good: #1a7f4b; --bad: #c0262d; --news: #94660a;
  --added: #e4f5ea; --removed: #fdeaea; --place: #2b62b4;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #131518; --ink: #e4e6e9; --soft: #9aa2ac; --line: #2a2e34; --wash: #1a1d21;
    --good: #57c58a; --bad: #ff7b7b; --news: #e0b04c;
    --added: #12301f; --removed: #3b1a1c; --place: #82b1ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3.5rem 1.5rem 5rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 1.75rem; font-weight: 650; letter-spacing: -.015em; line-height: 1.2; }
h2 { margin: 1.75rem 0 .5rem; font-size: .8rem; font-weight: 600; color: var(--soft); }
p { margin: .25rem 0; }
code, pre, .mono { font-family: var(--mono); font-size: .86em; }
.soft { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); } .news { color: var(--news); }
header { margin-bottom: 2.5rem; }
.total { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: 1.75rem 0 0; padding: 0; list-style: none; }
.total b { display: block; font-size: 1.75rem; font-weight: 600; line-height: 1.15; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:focus-visible { outline: 2px solid var(--place); outline-offset: 2px; border-radius: 4px; }
.host { border-top: 1px solid var(--line); }
.host:last-of-type { border-bottom: 1px solid var(--line); }
.host > summary { display: grid; grid-template-columns: 7.5rem minmax(0, 1fr) auto; gap: 0 1rem; margin: 0 -.5rem; padding: .85rem .5rem; }
.host > summary:hover { background: var(--wash); }
.host > summary .word { font-weight: 600; }
.host > summary .word::before { content: ""; display: inline-block; width: .5em; height: .5em; margin-right: .6em; border-radius: 50%; background: currentColor; vertical-align: .1em; }
.host > summary .name { font-weight: 600; overflow-wrap: anywhere; }
.host > summary .what { grid-column: 2; color: var(--soft); overflow-wrap: anywhere; }
.host > summary .fold { color: var(--soft); }
.host > summary .fold::after { content: "▸"; display: inline-block; margin-left: .75rem; transition: transform .12s; }
.host[open] > summary .fold::after { transform: rotate(90deg); }
.inside { padding: 0 0 2rem 8.5rem; }
.inside > h2:first-child { margin-top: .5rem; }
.error { margin: .5rem 0 0; padding: .75rem 1rem; border-left: 3px solid var(--bad); background: var(--wash); overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
td { padding: .25rem .75rem .25rem 0; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
tr:first-child td { border-top: 0; } td > p:first-child { margin-top: 0; }
td.key { white-space: nowrap; width: 1%; padding-right: 1.25rem; }
td.sign { width: 1.5rem; padding-right: .25rem; font-weight: 600; }
td.number { white-space: nowrap; width: 1%; text-align: right; }
.grade { display: flex; gap: 1.25rem; align-items: center; margin: .75rem 0 0; }
.grade > b { font-size: 2.75rem; font-weight: 650; line-height: 1; min-width: 3.5rem; }
.wide { overflow-x: auto; margin-top: .75rem; }
.matrix { width: auto; }
.matrix th, .matrix td { padding: .15rem .75rem; border-top: 1px solid var(--line); text-align: center; font-weight: 600; }
.matrix th { font-weight: 400; } .matrix thead th { color: var(--soft); border-top: 0; }
.matrix tbody tr:first-child > * { border-top: 1px solid var(--line); }
.wide:focus-visible { outline: 2px solid var(--place); outline-offset: 2px; border-radius: 4px; }
.matrix th:first-child { text-align: left; padding-left: 0; white-space: nowrap; }
.passed { margin-top: .75rem; } .passed > summary { color: var(--soft); }
.passed > summary::after { content: " ▸"; } .passed[open] > summary::after { content: " ▾"; }
td.ports { max-width: 7rem; min-width: 3.5rem; }
h2 code { font-weight: 400; overflow-wrap: anywhere; }
.decisions { margin-top: .5rem; padding: .35rem .75rem .5rem; background: var(--wash); border-radius: 6px; }
.decisions td { width: 33%; }
.decisions .accepted { font-weight: 600; }
.decisions .note { font-size: .87rem; color: var(--soft); overflow-wrap: anywhere; }
.diff { margin-top: .5rem; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.diff > summary { display: flex; gap: 1rem; padding: .5rem .85rem; background: var(--wash); font-family: var(--mono); font-size: .86em; overflow-wrap: anywhere; }
.diff > summary .count { margin-left: auto; white-space: nowrap; }
pre { margin: 0; padding: .5rem 0; overflow-x: auto; line-height: 1.5; border-top: 1px solid var(--line); }
pre.plain { padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 6px; background: var(--wash); }
pre span { display: block; width: max-content; min-width: 100%; padding: 0 .85rem; white-space: pre; tab-size: 8; }
pre .plus { background: var(--added); } pre .minus { background: var(--removed); } pre .at { color: var(--place); }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .87rem; }
@media (max-width: 44rem) {
  body { padding: 2rem 1rem 3rem; }
  .host > summary { grid-template-columns: minmax(0, 1fr) auto; }
  .host > summary .word { grid-column: 1; } .host > summary .name, .host > summary .what { grid-column: 1 / -1; }
  .host > summary .fold { grid-column: 2; grid-row: 1; }
  .inside { padding-left: 0; }
  .matrix { font-size: .8rem; } .matrix th, .matrix td { padding: .15rem .3rem; }
}
@media print {
  @page { margin: 16mm 14mm; }
  body { max-width: none; padding: 0; font-size: 9.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { display: block; content-visibility: visible; block-size: auto; height: auto; }
  .host > summary { margin: 0; padding: .6rem 0; break-after: avoid; }
  .host > summary .fold::after { content: none; }
  .inside { padding: 0 0 1.25rem 0; }
  .diff, pre { overflow: visible; } pre span { width: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
  h2, .diff > summary { break-after: avoid; } tr, .error, pre span { break-inside: avoid; }
}
`;
