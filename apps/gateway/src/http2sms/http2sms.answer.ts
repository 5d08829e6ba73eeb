/** What http2sms answers, whichever format is asked for (OVH.md 3.2). */
export type Http2SmsAnswer =
  | { readonly status: 100; readonly creditLeft: string; readonly smsIds: readonly number[] }
  | { readonly status: 201 | 202 | 241 | 401 | 402 | 409 | 429 | 503; readonly message: string };

const help = 'For more informations : http://guides.ovh.com/httpToSms';

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const asXml = (answer: Http2SmsAnswer): string => {
  const body =
    answer.status === 100
      ? `<creditLeft>${answer.creditLeft}</creditLeft><smsIds>${answer.smsIds.map((id) => `<smsId>${id}</smsId>`).join('')}</smsIds>`
      : `<message>${escapeXml(`${answer.message}. ${help}`)}</message>`;
  return `<?xml version="1.0" encoding="UTF-8" ?><response><status>${answer.status}</status>${body}</response>`;
};

const asJson = (answer: Http2SmsAnswer): string =>
  answer.status === 100
    ? JSON.stringify({ status: answer.status, creditLeft: answer.creditLeft, SmsIds: answer.smsIds.map(String) })
    : JSON.stringify({ status: answer.status, message: `${answer.message}. ${help}` });

const linesOf = (answer: Http2SmsAnswer): string[] =>
  answer.status === 100 ? ['OK', answer.creditLeft, ...answer.smsIds.map(String)] : ['KO', `${answer.message}. ${help}`];

const asPlain = (answer: Http2SmsAnswer): string => linesOf(answer).join('\n');

const asHtml = (answer: Http2SmsAnswer): string =>
  `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<HTML>
<HEAD>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" >
<title>HTTP2SMS</title>
</HEAD>
<BODY>
${linesOf(answer)
  .map((line) => `${escapeXml(line)}<br>\n`)
  .join('')}</BODY>
</HTML>
`;

const formats: ReadonlyMap<string, (answer: Http2SmsAnswer) => string> = new Map([
  ['text/xml', asXml],
  ['application/xml', asXml],
  ['text/json', asJson],
  ['application/json', asJson],
  ['text/plain', asPlain],
  ['text/html', asHtml],
]);

export const answerTypes: readonly string[] = [...formats.keys()];

/** Body and content type; text/plain where the parameter names nothing that is known. */
export const formatAnswer = (answer: Http2SmsAnswer, contentType: string | null): { body: string; contentType: string } => {
  const asked = (contentType ?? '').trim().toLowerCase();
  const format = formats.get(asked);
  return format ? { body: format(answer), contentType: `${asked}; charset=utf-8` } : { body: asPlain(answer), contentType: 'text/plain; charset=utf-8' };
};
