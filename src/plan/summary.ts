import { PATHS, type Plan, type Policy, type SettingChange, type Snapshot, type TaskState } from '../model/index.ts';
import { RENEWAL_TRUST } from '../tasks/certbot.ts';
import { allKept } from '../tasks/kept.ts';
import { packagesFor } from '../tasks/install.ts';
import { needsCertbot } from '../tasks/sni.ts';
import type { Task } from '../tasks/task.ts';

type Outcome = { readonly state: TaskState; readonly summary: string };

/** One line for a task: its state, or what it would do. */
export function summarize(task: Task, { facts, files }: Snapshot, policy: Policy, plan: Omit<Plan, 'tasks'>): Outcome {
  switch (task.name) {
    case 'install': {
      const action = plan.actions.find(({ kind }) => kind === 'install');
      if (action?.kind !== 'install') return { state: 'ok', summary: `${packagesFor(policy).join(', ')} are there` };
      const named = action.packages.map((name) => [name, facts.candidates[name]].filter(Boolean).join(' '));
      return { state: 'change', summary: `would install ${named.join(', ')}` };
    }
    case 'certbot': {
      const watch = plan.changes.some(({ path }) => path === PATHS.WATCH);
      if (!needsCertbot(policy)) {
        const stays = [...new Set(allKept(policy).map(({ pairs: [{ cert }] }) => cert))].join(', ');
        const whose = policy.own ? `your own, ${policy.own.cert}` : `the one that is served already, ${stays}`;
        return watch
          ? { state: 'change', summary: `the certificate is ${whose}; the daemons would load its renewals` }
          : { state: 'ok', summary: `has nothing to do: the certificate is ${whose}` };
      }
      const requests = plan.actions.flatMap((action) => (action.kind === 'certificate' ? [action] : []));
      const hook = plan.changes.some(({ path }) => path === PATHS.DEPLOY_HOOK);
      const trust = plan.changes.some(({ path }) => RENEWAL_TRUST.includes(path));
      const installed = facts.packages['certbot']?.status === 'installed';
      if (requests.length > 0) {
        const each = requests.map(({ name, domain, domains, challenge }) => {
          const kept = name === domain ? '' : `, kept as ${name}`;
          return `a certificate for ${domains.join(', ')}${kept} (http-01, ${challenge})`;
        });
        return { state: 'change', summary: `would request ${each.join('; ')}` };
      }
      if (!installed && files[PATHS.DEPLOY_HOOK] === undefined) {
        return { state: 'unknown', summary: 'the certificate is there; its renewal hook would follow the install' };
      }
      const said = files[PATHS.DEPLOY_HOOK] === undefined ? 'is not' : 'is not ours, or an older one';
      if (watch && !hook && !trust)
        return {
          state: 'change',
          summary: 'the certificate is there; the daemons would load the renewals of your own',
        };
      if (trust && !hook)
        return { state: 'change', summary: 'the certificate is there; its renewals would trust --acme-ca' };
      return hook
        ? { state: 'change', summary: `the certificate is there; its renewal hook ${said}` }
        : { state: 'ok', summary: 'the certificate and its renewal hook are there' };
    }
    case 'restart': {
      if (plan.actions.some(({ kind }) => kind === 'install')) {
        return { state: 'unknown', summary: 'the daemons load it after the install' };
      }
      if (plan.activations.length === 0) return { state: 'ok', summary: 'the daemons run with what is on disk' };
      return {
        state: 'change',
        summary: plan.activations.map(({ unit, how, why }) => `${how} ${unit}: ${why}`).join('; '),
      };
    }
    default: {
      const own = plan.settings.filter((setting) => setting.task === task.name);
      const map = task.name === 'starttls' && plan.changes.some(({ path }) => path === PATHS.SNI_MAP);
      if (own.length === 0 && map) return { state: 'change', summary: 'the certificates of additional names' };
      if (own.length === 0) return { state: 'ok', summary: isNotHere(task, policy) ?? 'as it should be' };
      const known = own.every(({ file }) => files[file] !== undefined);
      return {
        state: known ? 'change' : 'unknown',
        summary: counted(own) + (known ? '' : '; what is there now is known after the install'),
      };
    }
  }
}

/** Why a task has nothing to do on a host with Postfix alone; null if it has. */
function isNotHere({ name }: Task, { alone }: Policy): string | null {
  if (alone && name === 'dovecot-ssl') return 'has nothing to do: there is no Dovecot';
  return alone?.logins === false && (name === 'sasl' || name === 'smtps') ? 'has nothing to do: nobody logs in here' : null; // oxfmt-ignore
}

/** `3 settings in main.cf, 2 in master.cf` */
function counted(settings: readonly SettingChange[]): string {
  const counts = new Map<string, number>();
  for (const { file } of settings) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count], index) => `${count}${index === 0 ? (count === 1 ? ' setting' : ' settings') : ''} in ${name}`)
    .join(', ');
}
