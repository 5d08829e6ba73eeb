import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';

/** The pieces as they come, under a name to be kept by. Whatever fails at their beginning is told as an error, not as half a file. */
export const csvFile = async (pieces: AsyncGenerator<string>, name: string): Promise<StreamableFile> => {
  const [first, second] = [await pieces.next(), await pieces.next()];
  const whole = async function* (): AsyncGenerator<string> {
    for (const { value, done } of [first, second]) if (!done) yield value;
    yield* pieces;
  };
  return new StreamableFile(Readable.from(whole()), { type: 'text/csv; charset=utf-8', disposition: `attachment; filename="${name}.csv"` });
};
