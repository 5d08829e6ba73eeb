import type { AccessRule } from '@kwota/contracts/users.requests.v1';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const page = (body: string): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kwota: validate a key</title>
<style>
body { font-family: system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; line-height: 1.5 }
label { display: block; margin-top: 1rem }
input, select { font: inherit; width: 100%; padding: .4rem; box-sizing: border-box }
button { font: inherit; padding: .5rem 1.5rem; margin: 1.5rem 1rem 0 0 }
.fault { color: #a00 }
.hint { color: #555; font-size: .9rem }
</style>
</head>
<body>
${body}
</body>
</html>
`;

/** Validity in seconds, as OVH's page offers it; empty: for good. */
export const validities: readonly (readonly [seconds: string, name: string])[] = [
  ['3600', '1 hour'],
  ['86400', '1 day'],
  ['604800', '7 days'],
  ['2592000', '30 days'],
  ['', 'Unlimited'],
];

/** `redirection`: where the application wants its owner back; `owner` and `fault` of an attempt before. */
export type PageOf = Readonly<{ token: string; applicationName: string; rules: readonly AccessRule[]; redirection: string | null; owner?: string; fault?: string }>;

/** Who is led away must see to whom: the host alone, since the rest may hold what is the application's. */
const leadsTo = (redirection: string | null): string =>
  redirection === null || !URL.canParse(redirection) ? '' : `<p class="hint">Whatever you decide, you are led to ${escape(new URL(redirection).host)} then.</p>`;

export const askPage = ({ token, applicationName, rules, redirection, owner = '', fault }: PageOf): string =>
  page(`<h1>Validate a key</h1>
<p>The application <strong>${escape(applicationName)}</strong> asks for these rights:</p>
<ul>
${rules.map(({ method, path }) => `<li><code>${escape(method)} ${escape(path)}</code></li>`).join('\n')}
</ul>
${fault === undefined ? '' : `<p class="fault" role="alert">${escape(fault)}</p>`}
<form method="post" action="/auth/">
<input type="hidden" name="credentialToken" value="${escape(token)}">
<label>Owner <input name="owner" autocomplete="username" required maxlength="40" value="${escape(owner)}"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="200"></label>
<label>Validity <select name="duration">
${validities.map(([seconds, name]) => `<option value="${seconds}">${name}</option>`).join('\n')}
</select></label>
<p class="hint">The operator of this service has given you the owner's name and password.</p>
${leadsTo(redirection)}
<button name="decision" value="grant">Authorise</button>
<button name="decision" value="refuse">Refuse</button>
</form>`);

export const endPage = (message: string): string => page(`<h1>Kwota</h1>\n<p>${escape(message)}</p>`);
