import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';

/** OWASP's first choice for argon2id, the package's default kind: 19 MiB, two passes, one lane. */
const options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Passwords at rest, and nowhere else: argon2id off the event loop. */
@Injectable()
export class PasswordHashes {
  /** What an unknown login is checked against, so that it takes as long as a known one. */
  private readonly nobody = hash('nobody has this password', options);

  hash(password: string): Promise<string> {
    return hash(password, options);
  }

  /** Without a stored hash the answer is no, after the same work. */
  async verify(stored: string | undefined, password: string): Promise<boolean> {
    const right = await verify(stored ?? (await this.nobody), password);
    return stored !== undefined && right;
  }
}
