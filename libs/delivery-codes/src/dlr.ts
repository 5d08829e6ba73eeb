/** The id of a delivery report (`deliveryReceipt` in REST, `description` in the callback). They are Kannel's DLR mask bits (OVH.md 5.1). */
export type DlrId = 0 | 1 | 2 | 4 | 8 | 16;

const texts: Readonly<Record<DlrId, string>> = {
  0: 'Creating or pending',
  1: 'Success',
  2: 'Failed',
  4: 'Waiting',
  8: 'Buffered',
  16: 'Error / not billed',
};

/** In ascending order. */
export const knownDlrIds: readonly DlrId[] = [0, 1, 2, 4, 8, 16];

/** The callback's `descriptionDlr` (OVH.md 4; `Success` is seen in OVH's own export). */
export const dlrText = (dlr: DlrId): string => texts[dlr];

/** After one of these nothing more comes for the message. */
export const isFinalDlr = (dlr: DlrId): boolean => dlr === 1 || dlr === 2 || dlr === 16;
