import type { CheckFactory } from './check.ts'

/**
 * Promise 4, of grace: with `redundancy` from 2, nobody acquires what is not assigned to it, as long
 * as one home of the partition is alive in its view.
 */
export const homesAreKept: CheckFactory = ({ terms, report }) => ({
  onStep({ name, cluster }, { type, partition }) {
    if (terms.graceMs === 0 || terms.redundancy < 2 || type !== 'acquire') return
    const homes = cluster.homesForPartition(partition).map((home) => home.name)
    if (homes.includes(name)) return
    const alive = homes.find((home) => cluster.members.some((member) => member.name === home))
    if (alive === undefined) return
    report(`${name} acquires ${partition}, whose home ${alive} is alive`, name, alive)
  },
})
