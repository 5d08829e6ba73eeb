/** What a deliver_sm is answered with (SMPP 3.4, 5.1.3): taken · the SMSC keeps it and sends it again · never to come again. */
export const deliverSmAnswers = { taken: 0x00, later: 0x14, never: 0x65 } as const;
