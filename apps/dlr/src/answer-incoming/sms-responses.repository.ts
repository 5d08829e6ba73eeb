import { run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** What an account does with messages from phones that are no STOP. */
export type SmsResponse = Readonly<{ responseType: 'none' | 'text' | 'cgi'; text: string | null; cgiUrl: string | null }>;
const none: SmsResponse = { responseType: 'none', text: null, cgiUrl: null };

@Injectable()
export class SmsResponsesRepository {
  async of(manager: EntityManager, account: string): Promise<SmsResponse> {
    const [row] = await run<SmsResponse>(manager, 'SELECT "responseType", text, "cgiUrl" FROM sms_response WHERE account = ?', [account]);
    return row ?? none;
  }

  async set(manager: EntityManager, account: string, { responseType, text, cgiUrl }: SmsResponse): Promise<void> {
    await run(
      manager,
      `INSERT INTO sms_response (account, "responseType", text, "cgiUrl") VALUES (?, ?, ?, ?)
       ON CONFLICT (account) DO UPDATE SET "responseType" = excluded."responseType", text = excluded.text, "cgiUrl" = excluded."cgiUrl"`,
      [account, responseType, text, cgiUrl],
    );
  }
}
