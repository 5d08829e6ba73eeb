import { AssignerProtocol, type Cluster, type PartitionAssigner } from 'kafkajs';
import { assignPartitions, type Claimant } from './assign-partitions.js';

const { MemberMetadata, MemberAssignment } = AssignerProtocol;

/** All members of a group must have this name among theirs; a change of what members tell each other needs another one. */
const name = 'kwota-copartition';
const version = 1;

/** One member's part in the assigning: what it tells the others, and what it does when it is the group's leader. */
export class CopartitionAssigner {
  /** The numbers that this member has, for the others to know. */
  has: readonly number[] = [];
  private cluster: Cluster | undefined;
  /** How often it asked to join since it last got an assignment: more than once means that it may have missed one. */
  private asked = 0;

  /** True when this is the assignment right after the one before. */
  takeAssignment(): boolean {
    const missedNone = this.asked === 1;
    this.asked = 0;
    return missedNone;
  }

  /**
   * Takes a member out of the group that this process was before it lost the broker: nobody else knows that it is dead, and the group would wait
   * for it a whole session long. kafkajs hands the cluster to an assigner only, and its types leave this request out.
   * @throws when the coordinator does not answer, or still loads: joining would fail, too.
   */
  async takeOut(groupId: string, memberId: string): Promise<void> {
    const coordinator = (await this.cluster?.findGroupCoordinator({ groupId })) as unknown as CanLeave | undefined;
    try {
      await coordinator?.leaveGroup({ groupId, memberId });
    } catch (error) {
      if ((error as { type?: string }).type !== 'UNKNOWN_MEMBER_ID') throw error;
    }
  }

  readonly assigner: PartitionAssigner = ({ cluster }) => {
    this.cluster = cluster;
    return this.assignerOn(cluster);
  };

  private readonly assignerOn = (cluster: Cluster): ReturnType<PartitionAssigner> => ({
    name,
    version,
    protocol: ({ topics }) => {
      this.asked += 1;
      return { name, metadata: MemberMetadata.encode({ version, topics, userData: Buffer.from(JSON.stringify({ has: this.has })) }) };
    },
    assign: async ({ members }) => {
      const claimants = members.map(({ memberId, memberMetadata }) => claimantOf(memberId, memberMetadata));
      const topics = [...new Set(claimants.flatMap((claimant) => claimant.topics))];
      // The leader may not consume all topics of the others, and knows only its own yet.
      for (const topic of topics) await cluster.addTargetTopic(topic);
      const counts = new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
      return [...assignPartitions(claimants, counts)].map(([memberId, share]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({ version, assignment: Object.fromEntries(share), userData: Buffer.alloc(0) }),
      }));
    },
  });
}

type CanLeave = { leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown> };

const claimantOf = (id: string, metadata: Buffer): Claimant => {
  const decoded = MemberMetadata.decode(metadata);
  return { id, topics: decoded?.topics ?? [], had: numbersIn(decoded?.userData) };
};

/** What a member of another version tells may look otherwise: then it had nothing. */
const numbersIn = (userData: Buffer | undefined): number[] => {
  try {
    const { has } = JSON.parse(userData?.toString() ?? '') as { has?: unknown };
    return Array.isArray(has) ? has.filter((number) => Number.isInteger(number)) : [];
  } catch {
    return [];
  }
};
