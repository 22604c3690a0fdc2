// README.zh-TW.md must keep up with README.md: the same sections in the same order, and in each the same commands. Each heading of the
// translation has the English one in a comment: `## 安裝 <!-- Install -->`. Sentences are not compared.
import { existsSync, readFileSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);

/** [{ title, commands }]: lines of code without their comments, and commands within sentences and tables. */
function sectionsOf(file) {
  const sections = [];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, hashes, title] = /^(#+) (.*)$/.exec(line) ?? [];
    if (hashes) {
      const [, english = title] = /<!-- (.*) -->$/.exec(title) ?? [];
      sections.push({ title: `${hashes} ${english}`, commands: [] });
    }
    const code = /^ {4}(.*)$/.exec(line)?.[1].replace(/\s+#.*$/, '');
    const inline = [...line.matchAll(/`((?:harden-mail|npm) [^`]*)`/g)].map(([, command]) => command);
    sections.at(-1)?.commands.push(...(code ? [code] : inline));
  }
  return sections;
}

const [english, chinese] = ['README.md', 'README.zh-TW.md'].map(sectionsOf);
const faults = [];
const titles = (sections) => sections.map(({ title }) => title).join('\n');
if (titles(english) !== titles(chinese))
  faults.push(
    `README.zh-TW.md has other sections than README.md:\n${titles(chinese)}\n  instead of\n${titles(english)}`,
  );
else
  for (const [at, { title, commands }] of english.entries()) {
    const theirs = new Set(chinese[at].commands);
    const missing = [...new Set(commands)].filter((command) => !theirs.has(command));
    const others = [...theirs].filter((command) => !commands.includes(command));
    for (const command of missing) faults.push(`README.zh-TW.md, ${title}: ${command} is missing`);
    for (const command of others) faults.push(`README.zh-TW.md, ${title}: ${command} is not in README.md`);
  }
for (const [, target] of readFileSync('README.zh-TW.md', 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
  if (!existsSync(target)) faults.push(`README.zh-TW.md links to ${target}, which is not there`);

for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
