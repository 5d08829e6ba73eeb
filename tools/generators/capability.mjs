import { namesOf } from './names.mjs';

/** One folder named as the command in words: the message in, and its handler. `on` is a topic's noun, or `requests`. */
export default async (tree, { name, service, on }) => {
  const capability = namesOf(name);
  const folder = `apps/${service}/src/${capability.kebab}`;
  const inbound = on === 'requests' ? `${capability.kebab}.on-request` : `${capability.kebab}.on-${on}`;
  const inboundClass = `${capability.pascal}On${on === 'requests' ? 'Request' : namesOf(on).pascal}`;
  tree.write(
    `${folder}/${capability.kebab}.handler.ts`,
    `import { Injectable } from '@nestjs/common';

/** What it does, in which order, and what holds afterwards. */
@Injectable()
export class ${capability.pascal}Handler {}
`,
  );
  const contract = on === 'requests' ? capability : namesOf(on);
  const from = on === 'requests' ? `@kwota/contracts/${service}.requests.v1` : `@kwota/contracts/${on}.v1`;
  const decorator = on === 'requests' ? 'OnRequest' : 'OnMessages';
  const body =
    on === 'requests'
      ? `  @OnRequest(${contract.camel})
  handle(@Payload() request: unknown) {
    return { outcome: 'done', request };
  }`
      : `  @OnMessages(${contract.camel})
  async handle(@Payload() batch: readonly Received<unknown>[]): Promise<void> {
    for (const { message } of batch) void message;
  }`;
  tree.write(
    `${folder}/${inbound}.ts`,
    `import { ${contract.camel} } from '${from}';
import { ${decorator}${on === 'requests' ? '' : ', type Received'} } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';

/** Put this in ${service}.module.ts, with ${capability.pascal}Handler. */
@Controller()
export class ${inboundClass} {
${body}
}
`,
  );
};
