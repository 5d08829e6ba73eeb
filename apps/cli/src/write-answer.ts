import { writeFileSync, type WriteFileOptions } from 'node:fs';

/** A file that was asked for (--out) cannot be written: a mistake of the command line, or a full disk; never a finding about what was read. */
export class NotWritten extends Error {
  override readonly name = 'NotWritten';

  constructor(file: string, { code, message }: NodeJS.ErrnoException) {
    super(`${file} cannot be written: ${code ?? message}`);
  }
}

/** @throws NotWritten. */
export const writeAnswer = (file: string, text: string, options: WriteFileOptions = {}): void => {
  try {
    writeFileSync(file, text, options);
  } catch (error) {
    throw new NotWritten(file, error as NodeJS.ErrnoException);
  }
};
