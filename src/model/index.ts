/**
 * The plain values that modules pass to one another, in the order of a run:
 * inventory → connect → gather → plan → diff → commit → verify → report.
 * The files here import only one another; every module may import them, from here.
 */
export * from './words.ts';
export * from './ports.ts';
export * from './paths.ts';
export * from './certificate-request.ts';
export * from './host.ts';
export * from './snapshot.ts';
export * from './plan.ts';
export * from './transaction.ts';
export * from './remote-command.ts';
export * from './finding.ts';
export * from './port-audit.ts';
export * from './diagnosis.ts';
export * from './left.ts';
export * from './grade.ts';
export * from './client-settings.ts';
export * from './exposure.ts';
export * from './rehearsal.ts';
export * from './result.ts';
