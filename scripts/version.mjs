// The part of `npm version` between the new number and its commit: the heading "Unreleased" of CHANGELOG.md becomes the version with
// today's date, and the generated documents (the manual page has the version) are made again.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const text = readFileSync('CHANGELOG.md', 'utf8');
const [heading] = /^## Unreleased$/m.exec(text) ?? [];
if (!heading) throw new Error('CHANGELOG.md has no "## Unreleased": there is nothing to release');
const today = new Date().toISOString().slice(0, 10);
writeFileSync('CHANGELOG.md', text.replace(heading, `## ${version} (${today})`));
execFileSync('npm', ['run', '--silent', 'docs'], { stdio: 'inherit' });
execFileSync('git', ['add', 'CHANGELOG.md', 'docs', 'man']);
