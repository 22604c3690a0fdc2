/** The document of `--json` as one HTML page for people: no script, nothing to load, one row per host. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { count, group } from './count.ts';
import { viewOf, type Views } from './ending-view.ts';
import { hostInside } from './host-page.ts';
import { onlyThroughSsh } from './findings.ts';
import { html, Markup } from './markup.ts';
import type { Document, DocumentHost } from './document-schema.ts';
import { STYLE } from './style.ts';
import { outcomeOf } from './total.ts';

/** Outcomes, the most urgent first. */
const URGENCY = ['failed', 'drifted', 'to be changed', 'declined', 'changed', 'read', 'ok'];
const LOOK: Readonly<Record<string, string>> = {
  failed: 'bad',
  drifted: 'news',
  'to be changed': 'news',
  changed: 'news',
  ok: 'good',
};

/** @param views of every ending that the document may have */
export function page(document: Document, views: Views): string {
  const { command, tool, started, seconds, dryRun, error, hosts } = document;
  const title = `harden-mail ${command}${dryRun ? ' --dry-run' : ''}`;
  const when = started === undefined ? '' : `${started.slice(0, 16).replace('T', ' ')} UTC`;
  const about = [when, seconds === undefined ? '' : `${seconds.toFixed(1)} s`, tool && `harden-mail ${tool}`];
  const rows = hosts
    .map((host) => ({ host, word: outcomeOf(host.outcome, host.exit, views) }))
    .sort((a, b) => URGENCY.indexOf(a.word) - URGENCY.indexOf(b.word));
  const totals = [...group(rows, ({ word }) => word)];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy()}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${[title, when].filter(Boolean).join(' · ')}</title>
        ${new Markup(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="soft">${about.filter(Boolean).join(' · ')}</p>
          <ul class="total">
            ${totals.map(([word, all]) => html`<li class="${LOOK[word] ?? 'soft'}"><b>${all.length}</b>${word}</li>`)}
          </ul>
        </header>
        <main>
          ${
            error
              ? html`<div class="error">
                  <p>${error.message}</p>
                  <p class="soft">${error.hint}</p>
                </div>`
              : ''
          }
          ${rows.map(({ host, word }) => row(host, word, views, rows.length === 1))}
        </main>
        <footer>
          ${count(hosts.length, 'host') || 'No host'}. Secrets in diffs are masked by their names; check the page before
          you share it.
        </footer>
      </body>
    </html> `.text;
}

/** Allows only this page's own style: no script, no picture, no request. */
function policy(): string {
  const digest = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
}

/** @param only the page has no other host */
function row(host: DocumentHost, word: string, views: Views, only: boolean): Markup {
  const { facts } = host;
  const view = viewOf(views, host.outcome);
  const versions = facts && [system(facts.os), version('Postfix', facts.postfix), version('Dovecot', facts.dovecot)];
  const open = new Markup(only || word === 'failed' ? 'open' : '');
  return html`<details class="host" ${open}>
    <summary>
      <span class="word ${LOOK[word] ?? 'soft'}">${word}</span><span class="name">${host.host}</span
      ><span class="fold">${host.seconds.toFixed(1)} s</span
      ><span class="what">${[view.gist(host, z) ?? gist(host), ...(versions ?? [])].filter(Boolean).join(' · ')}</span>
    </summary>
    <div class="inside">${hostInside(host, view.page(host, z))}</div>
  </details> `;
}

function version(label: string, number: string | null): string {
  return number === null ? `no ${label}` : `${label} ${number}`;
}

/** `Debian GNU/Linux 12 (bookworm)`, shortened. */
function system(pretty: string): string {
  return pretty.replace(' GNU/Linux', '').replace(/ \([^()]*\)$/, '');
}

/** A summary of the unfolded part in a few words. */
function gist(host: DocumentHost): string {
  const { plan, findings, outcome } = host;
  const changes = [count(plan?.settings.length ?? 0, 'setting'), count(plan?.files.length ?? 0, 'file')];
  const checks = (wanted: string): number => findings.filter(({ status }) => status === wanted).length;
  const warnings = checks('warn') + (plan?.notes ?? []).filter(({ level }) => level === 'warning').length;
  const written = outcome === 'changed' ? 'changed' : 'to change';
  const told = changes.filter(Boolean).join(' in ');
  return [
    told && outcome !== 'unchanged' ? `${told} ${written}` : '',
    checks('fail') > 0 ? `${count(checks('fail'), 'check')} failed` : '',
    count(warnings, 'warning'),
    checks('pass') > 0 ? `${count(checks('pass'), 'check')} passed` : '',
    onlyThroughSsh(findings),
  ]
    .filter(Boolean)
    .join(' · ');
}
