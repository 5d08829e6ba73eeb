import type { DlrId } from './dlr.js';
import { pttTextsInEnglish } from './ptt-texts.en.js';
import { pttTextsInFrench } from './ptt-texts.fr.js';
import { pttTextsInPolish } from './ptt-texts.pl.js';

/** A state code as http2sms, REST and the callback show it. The SMPP product counts otherwise: see SmppProductPtt. */
export type Ptt = number & { readonly brand?: 'Ptt' };

/** Whether trying again can help; OVH.md's third word is spelt so in the published schema. */
export type PttDuration = 'permanent' | 'temporary' | 'indeterminated';
export type PttLanguage = 'en' | 'pl' | 'fr';
export type PttDetails = Readonly<{ ptt: Ptt; comment: string; description: string; duration: PttDuration }>;
export type PttTexts = Readonly<{ comment: string; description: string }>;

/** OVH.md 5.2: OVH publishes the codes; duration and DLR id are ours, since it publishes neither. */
const table = {
  1: { duration: 'temporary', dlr: 8 },
  2: { duration: 'temporary', dlr: 8 },
  3: { duration: 'indeterminated', dlr: 8 },
  4: { duration: 'permanent', dlr: 1 },
  5: { duration: 'indeterminated', dlr: 2 },
  6: { duration: 'indeterminated', dlr: 2 },
  8: { duration: 'temporary', dlr: 2 },
  20: { duration: 'permanent', dlr: 2 },
  21: { duration: 'temporary', dlr: 2 },
  23: { duration: 'permanent', dlr: 2 },
  24: { duration: 'temporary', dlr: 2 },
  25: { duration: 'temporary', dlr: 2 },
  26: { duration: 'temporary', dlr: 2 },
  27: { duration: 'permanent', dlr: 2 },
  28: { duration: 'indeterminated', dlr: 2 },
  29: { duration: 'permanent', dlr: 2 },
  33: { duration: 'permanent', dlr: 2 },
  39: { duration: 'indeterminated', dlr: 2 },
  73: { duration: 'permanent', dlr: 2 },
  74: { duration: 'temporary', dlr: 2 },
  76: { duration: 'permanent', dlr: 2 },
  202: { duration: 'permanent', dlr: 2 },
} as const satisfies Record<number, { duration: PttDuration; dlr: DlrId }>;

/** The codes of the users guide. It calls its list not exhaustive, so others may come: they are passed on as they came. */
export type KnownPtt = keyof typeof table;

const textsByLanguage: Readonly<Record<PttLanguage, Readonly<Record<KnownPtt, PttTexts>>>> = {
  en: pttTextsInEnglish,
  pl: pttTextsInPolish,
  fr: pttTextsInFrench,
};

/** In ascending order. */
export const knownPtts: readonly number[] = Object.keys(table).map(Number);

export const isKnownPtt = (ptt: number): ptt is KnownPtt => Object.hasOwn(table, ptt);

/** What `GET /sms/ptts` answers, in our own words; undefined for a code that the guide does not list. */
export const pttDetails = (ptt: number, language: PttLanguage = 'en'): PttDetails | undefined =>
  isKnownPtt(ptt) ? { ptt, ...textsByLanguage[language][ptt], duration: table[ptt].duration } : undefined;

/** The DLR id that goes with a code; undefined for an unknown one, because a default would decide whether somebody pays. */
export const dlrOfPtt = (ptt: number): DlrId | undefined => (isKnownPtt(ptt) ? table[ptt].dlr : undefined);
