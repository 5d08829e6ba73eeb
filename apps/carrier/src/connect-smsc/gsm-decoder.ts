/** Characters whose codes are the same in GSM 03.38 and in Latin-1: receipts have hardly any other. */
const alike = /^[\n\r !"#%-?A-Za-z]*$/;

/** Does what `decode`, the package's, does, which looks at each octet and makes a regexp anew each time. */
export const quickGsmDecoder =
  (decode: (octets: Buffer) => string) =>
  (octets: Buffer): string => {
    const text = octets.toString('latin1');
    return alike.test(text) ? text : decode(octets);
  };
