/** Topics and groups as the broker knows them: with a prefix, so that tests and several installations share a cluster. */
export class Namespace {
  constructor(private readonly prefix: string) {}

  topic(topic: string): string {
    return this.prefix + topic;
  }

  group(group: string): string {
    return this.prefix + group;
  }

  /** The name that the contracts know. */
  plainTopic(topic: string): string {
    return topic.slice(this.prefix.length);
  }
}
