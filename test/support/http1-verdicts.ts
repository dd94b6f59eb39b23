import { faults } from '../../src/http1/fault.js';
import type { ReadMessage, Transcript } from './http1-transcript.js';
import type { NodeTranscript } from './node-parser.js';

/**
 * How two readers of the same bytes disagree. `by`: the name of the fault, or the code of Node's error, for which the stricter one refuses what the
 * other reads. `uncoded`: a body in codings that are not known; `closed`: a message that ends its connection, behind which nothing is read.
 */
export interface Disagreement {
  readonly stricter: 'neither' | 'node' | 'ours';
  readonly by: string;
  /** The message that only one of them has read; undefined where there is none. */
  readonly message: ReadMessage | undefined;
  /** The one before that. */
  readonly before: ReadMessage | undefined;
}

const faultNames = new Map(Object.entries(faults).map(([name, fault]) => [fault, name]));

/** The connection has ended within a message. */
const endings = new Set(['HPE_INVALID_EOF_STATE', 'ECONNRESET']);

const isWhole = ({ trailers }: ReadMessage): boolean => trailers !== undefined;
const textOf = (messages: readonly ReadMessage[]): string => JSON.stringify(messages);

function refusalOf({ fault, isStopped, messages }: Transcript): string | undefined {
  if (fault === faults.truncated) return undefined;
  if (fault !== undefined) return faultNames.get(fault);
  if (!isStopped) return undefined;
  return isWhole(messages.at(-1)!) ? 'closed' : 'uncoded';
}

/** How Node's parser and ours disagree about a connection; undefined where they do not. */
export function disagreement(ours: Transcript, node: NodeTranscript): Disagreement | undefined {
  const [ourWhole, nodeWhole] = [ours.messages.filter(isWhole), node.messages.filter(isWhole)];
  const common = Math.min(ourWhole.length, nodeWhole.length);
  const tell = (stricter: Disagreement['stricter'], by: string): Disagreement => {
    return { stricter, by, message: ours.messages[common] ?? node.messages[common], before: ours.messages[common - 1] };
  };
  if (textOf(ourWhole.slice(0, common)) !== textOf(nodeWhole.slice(0, common))) return tell('neither', 'a message');
  const ourRefusal = refusalOf(ours);
  const nodeRefusal = node.error === undefined || endings.has(node.error) ? undefined : node.error;
  if (nodeWhole.length > common)
    return ourRefusal === undefined ? tell('neither', 'one more') : tell('ours', ourRefusal);
  if (ourWhole.length > common)
    return nodeRefusal === undefined ? tell('neither', 'one less') : tell('node', nodeRefusal);
  if (ourRefusal === undefined && nodeRefusal === undefined)
    return textOf(ours.messages) === textOf(node.messages) ? undefined : tell('neither', 'a part of a message');
  // Neither has read a message that the other has not.
  if (ourRefusal !== undefined)
    return node.error === undefined && ourRefusal !== 'closed' ? tell('ours', ourRefusal) : undefined;
  return ours.fault === undefined ? tell('node', nodeRefusal!) : undefined;
}
