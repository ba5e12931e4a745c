export type { SimNode, SimNodeOptions } from '../sim/node.ts'
export { TRACE_LEGEND, type Trace, type TraceKind } from '../sim/trace.ts'
export { CLUSTER_NAME, disagreement, World, type WorldOptions } from '../sim/world.ts'
