import type { GatewaySettings } from './gateway-settings.js';
import type { HttpRequest } from './http.js';

/** Where clients reach this installation: its public name, else what the client itself wrote. */
export const publicUrlOf = ({ headers, protocol }: HttpRequest, { publicUrls }: GatewaySettings): string => {
  const [named] = publicUrls;
  return named?.replace(/\/+$/, '') ?? `${protocol}://${String(headers['host'] ?? '')}`;
};
