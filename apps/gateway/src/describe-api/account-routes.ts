// What of OVH's API lies outside /sms and is answered here: who asks, with which keys, and where a document is fetched.

export const authRoutes: readonly string[] = [
  'POST /auth/credential(accessRules auth.AccessRule[], allowedIPs? string[], redirection? string) auth.Credential',
  'GET /auth/currentCredential() auth.ApiCredential',
  'GET /auth/details() auth.Details',
  'POST /auth/logout() void',
  'GET /auth/time() long',
];

export const meRoutes: readonly string[] = [
  'GET /me() nichandle.Nichandle',
  'GET /me/api/application() long[]',
  'GET /me/api/application/{applicationId}() api.Application',
  'GET /me/api/credential(applicationId? long) long[]',
  'DELETE /me/api/credential/{credentialId}() void',
  'GET /me/api/credential/{credentialId}() auth.ApiCredential',
  'GET /me/document() string[]',
  'GET /me/document/{id}() nichandle.Document',
];

export const accountModels: Readonly<Record<string, string>> = {
  'api.Application': 'applicationId long!; applicationKey string!; description string!; name string!; status api.ApplicationStatusEnum!',
  'auth.AccessRule': 'method auth.MethodEnum; path string',
  'auth.ApiCredential':
    'allowedIPs string[]?!; applicationId long!; creation datetime!; credentialId long!; expiration datetime?!; lastUse datetime?!; ovhSupport boolean!; rules auth.AccessRule[]!; status auth.CredentialStateEnum!',
  'auth.Credential': 'consumerKey string!; state auth.CredentialStateEnum!; validationUrl string?!',
  'auth.Details': 'account string!; description string?!; method string!; roles string[]!; user string?!',
  'nichandle.Document': 'creationDate datetime!; expirationDate datetime?!; getUrl string!; id string!; name string!; size long!',
  'nichandle.Nichandle': 'email string; firstname string; name string; nichandle string!; state string!',
};

export const accountEnums: Readonly<Record<string, string>> = {
  'api.ApplicationStatusEnum': 'active blocked inactive trusted',
  'auth.CredentialStateEnum': 'expired pendingValidation refused validated',
  'auth.MethodEnum': 'DELETE GET POST PUT',
};
