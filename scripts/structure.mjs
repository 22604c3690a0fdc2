// The structure that docs/architecture.md promises: one loose file in src/, no import cycle (type imports included), every
// module in the table there and no import that the table does not allow, no I/O in a pure module, no name twice, no path of a host
// outside of src/model/paths.ts, and no test that imports from another suite's folder.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { sameName } from './same-names.mjs';

process.chdir(process.argv[2] ?? new URL('..', import.meta.url).pathname);

const sources = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((name) => name.endsWith('.ts'))
    .sort();
const files = sources('src');
const moduleOf = (file) => (dirname(file) === 'src' ? null : file.split('/')[1]);
const faults = [];

/** Every import of each file: the file that it names, or the package. Dynamic imports and types count too. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8').replace(/^\s*(\/\/|\*).*$/gm, '');
  const named = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name);
  return [...new Set(named.map((name) => (name.startsWith('.') ? normalize(join(dirname(file), name)) : name)))];
}
const imports = new Map(files.map((file) => [file, importsOf(file)]));

for (const file of files)
  if (moduleOf(file) === null && file !== 'src/main.ts') faults.push(`${file} is loose in src/`);

// ── the table of modules ──────────────────────────────────────────────────────────────────────────────────────────────

/** `| \`plan\` | takes | gives | formats, tasks (pure) |` */
const rows = [
  ...readFileSync('docs/architecture.md', 'utf8').matchAll(/^\| `([a-z0-9]+)` \|[^|]*\|[^|]*\| ([^|]*) \|$/gm),
];
const table = new Map(
  rows.map(([, name, allowed]) => [
    name,
    { pure: allowed.includes('(pure)'), may: new Set(['model', name, ...(allowed.match(/[a-z0-9]+/g) ?? [])]) },
  ]),
);
const modules = new Set(files.map(moduleOf).filter(Boolean));
for (const name of modules)
  if (!table.has(name)) faults.push(`src/${name}/ is not in the table of docs/architecture.md`);
for (const name of table.keys())
  if (!modules.has(name)) faults.push(`docs/architecture.md has a module ${name} that is not in src/`);

const IO = /^node:(child_process|dgram|dns|fs|http|https|net|os|process|readline|timers|tls|worker_threads)\b/;
for (const [file, targets] of imports) {
  const row = table.get(moduleOf(file));
  if (!row) continue;
  for (const target of targets) {
    const other = target.startsWith('src/') ? moduleOf(target) : null;
    if (other !== null && !row.may.has(other))
      faults.push(`${file}: ${moduleOf(file)} may not import ${other} (${target})`);
    if (row.pure && IO.test(target)) faults.push(`${file}: a pure module does no I/O (${target})`);
  }
}

// ── paths of a host: each once, in src/model/paths.ts ─────────────────────────────────────────────────────────────────

const HOST_PATH =
  /\/(?:etc\/(?:postfix|dovecot|letsencrypt|systemd)|var\/(?:lib\/harden-mail|spool\/postfix|log\/letsencrypt)|run\/(?:harden-mail|dovecot|systemd))\b[\w./-]*/;
const scripts = readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.sh'));
for (const file of [...files, ...scripts.map((name) => `src/${name}`)]) {
  if (file === 'src/model/paths.ts' || moduleOf(file) === 'lab') continue; // the lab has paths of its own machine
  const comment = file.endsWith('.sh') ? /(^|\s)#.*/ : /^\s*(\/?\*|\/\/).*|\s\/\/ .*/;
  for (const [at, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (/^\s*recipe: /.test(line)) continue; // lines of the recipe, word for word
    const [found] = HOST_PATH.exec(line.replace(comment, '')) ?? [];
    if (found) faults.push(`${file}:${at + 1}: ${found} stands outside of src/model/paths.ts`);
  }
}

// ── tests: what suites share is in test/support/ ────────────────────────────────────────────────────────────────────

const suiteOf = (file) => file.split('/')[1];
for (const file of sources('test'))
  for (const target of importsOf(file)) {
    const isOther = target.startsWith('test/') && suiteOf(target) !== suiteOf(file) && suiteOf(target) !== 'support';
    if (isOther)
      faults.push(`${file}: ${suiteOf(file)} may not import from another suite (${target}): test/support/ is for both`);
  }

// ── mail ports: each list once, in src/model/ports.ts ─────────────────────────────────────────────────────────────────

const PORT_LIST = /\[(?:(?:25|110|143|465|587|993|995)(?:, )?){2,}\]/;
for (const file of files) {
  if (file === 'src/model/ports.ts' || moduleOf(file) === 'lab') continue;
  for (const [at, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const [found] = PORT_LIST.exec(line) ?? [];
    if (found) faults.push(`${file}:${at + 1}: ${found} is a list of src/model/ports.ts`);
  }
}

// ── cycles: Tarjan's strongly connected components ────────────────────────────────────────────────────────────────────

const order = new Map();
const low = new Map();
const stack = [];
function visit(file) {
  order.set(file, order.size);
  low.set(file, order.get(file));
  stack.push(file);
  for (const target of imports.get(file) ?? []) {
    if (!imports.has(target)) continue;
    if (!order.has(target)) visit(target);
    if (stack.includes(target)) low.set(file, Math.min(low.get(file), low.get(target)));
  }
  if (low.get(file) !== order.get(file)) return;
  const cycle = stack.splice(stack.indexOf(file));
  if (cycle.length > 1) faults.push(`an import cycle: ${cycle.join(' → ')}`);
}
for (const file of files) if (!order.has(file)) visit(file);

// ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {Map<string, string[]>} places of each name */
function twice(what, places, allowed) {
  for (const [name, where] of places) {
    if (where.length > 1 && !allowed.has(name))
      faults.push(`${what} ${name} occurs ${where.length} times: ${where.join(', ')}`);
    if (where.length < 2 && allowed.has(name)) faults.push(`scripts/same-names.mjs: ${what} ${name} occurs once now`);
  }
  for (const name of allowed) if (!places.has(name)) faults.push(`scripts/same-names.mjs: ${what} ${name} is gone`);
}

const add = (map, name, place) => map.set(name, [...(map.get(name) ?? []), place]);
const bases = new Map();
const exported = new Map();
for (const file of files) {
  add(bases, basename(file), file);
  const text = readFileSync(file, 'utf8');
  const names = text.matchAll(
    /^export (?:declare )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm,
  );
  for (const name of new Set([...names].map(([, one]) => one))) add(exported, name, file);
}
twice('the file name', bases, new Set(Object.keys(sameName.files)));
twice('the exported name', exported, new Set(Object.keys(sameName.exports)));

for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
