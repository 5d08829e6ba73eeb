import { aboutMessage } from '@kwota/audit-log/events-of-message';
import { proveEvents, type AuditProof } from '@kwota/audit-log/audit-proof';
import type { StoredEvent } from '@kwota/event-store';
import { onSource, type AuditContext } from '../audit-source/audit-source.js';
import { checkpointIn, latestCheckpoint } from '../audit-source/known-checkpoints.js';
import { done, exitCodes, misused, type Report } from '../report.js';
import { writeAnswer } from '../write-answer.js';

export type ProveOptions = Readonly<{
  export?: string;
  checkpoint?: string;
  since?: string;
  account?: string;
  revision?: number;
  position?: number;
  out?: string;
}>;

/** That events lie in what a checkpoint was signed for; to be checked by anybody with check-proof, without the store. */
export const proveCommand = (context: AuditContext, messageId: number | undefined, options: ProveOptions): Promise<Report> => {
  const isWanted = wanted(messageId, options);
  if (!isWanted) return Promise.resolve(misused('name what to prove: a message id, --account with --revision, or --position'));
  return onSource(context, options.export, async (source) => {
    const known = latestCheckpoint(context.config, options.checkpoint);
    const since = options.since === undefined ? undefined : checkpointIn(options.since);
    if (!known.ok) return misused(known.message);
    if (since && !since.ok) return misused(since.message);
    const { checkpoint } = known;
    const proving = await proveEvents(source.readAll(), isWanted, checkpoint, since?.checkpoint);
    if (!proving.ok) return refused(proving.reason, refusals[proving.reason]);
    const { proof, unsealed } = proving;
    if (proof.events.length === 0)
      return unsealed.length > 0
        ? refused('not-sealed', `it is younger than the checkpoint of ${checkpoint.size} events: try again after the next one`)
        : refused('not-found', 'no such event in these events');
    return proven(proof, unsealed.length, options.out);
  });
};

const wanted = (messageId: number | undefined, { account, revision, position }: ProveOptions): ((event: StoredEvent) => boolean) | undefined => {
  if (messageId !== undefined) return (event) => aboutMessage(event, messageId) !== undefined;
  if (position !== undefined) return (event) => event.position === position;
  if (account !== undefined && revision !== undefined) return (event) => event.stream === `credit-${account}` && event.revision === revision;
  return undefined;
};

const refusals = {
  rewritten: 'these events are not those that the checkpoint was signed for: nothing can be proved with them (audit verify tells more)',
  'tail-dropped': 'the checkpoint is of more events than are here',
  'since-differs': 'the older checkpoint is not of these events: the log signed two histories, or it is the checkpoint of another log',
} as const;

const refused = (outcome: string, text: string): Report => ({ exitCode: exitCodes.refused, json: { outcome, message: text }, text });

const proven = (proof: AuditProof, unsealed: number, out: string | undefined): Report => {
  const younger = unsealed > 0 ? [`${unsealed} more ${unsealed === 1 ? 'is' : 'are'} younger than the checkpoint`] : [];
  const what = [`${proof.events.length} ${proof.events.length === 1 ? 'event' : 'events'} proved`, ...younger];
  if (out === undefined) return done(proof, JSON.stringify(proof, undefined, 2));
  writeAnswer(out, `${JSON.stringify(proof, undefined, 2)}\n`);
  return done({ file: out, events: proof.events.length, unsealed }, `${what.join(', ')}: ${out}`);
};
