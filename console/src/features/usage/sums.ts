import type { Schemas } from '~/api/client'

export type Sum = Schemas['UsageSum']

/** What a bar is as high as: tokens, tasks, or the cost in a currency. */
export type Measure = 'tokens' | 'tasks' | `cost ${string}`

export function currenciesOf(sums: readonly Sum[]): string[] {
  const found = sums.flatMap(({ currency }) => (currency === null ? [] : [currency]))
  return [...new Set(found)].sort()
}

export function amountOf(sum: Sum, measure: Measure): number {
  if (measure === 'tokens') return sum.total_tokens
  if (measure === 'tasks') return sum.tasks
  return measure === `cost ${sum.currency}` ? (sum.cost_micros ?? 0) : 0
}

/** A group with all of its rows: there is one for each currency. */
export interface Group {
  id: string
  name: string | null
  sums: Sum[]
}

/** Returns the groups of some rows, in the order in which they appear. */
export function groupsOf(sums: readonly Sum[]): Group[] {
  const groups = new Map<string, Group>()
  for (const sum of sums) {
    const id = sum.id ?? ''
    const group = groups.get(id)
    if (group) group.sums.push(sum)
    else groups.set(id, { id, name: sum.name, sums: [sum] })
  }
  return [...groups.values()]
}

export function totalOf(sums: readonly Sum[], measure: Measure): number {
  return sums.reduce((total, sum) => total + amountOf(sum, measure), 0)
}

/** Returns the largest groups, the largest first; what measures nothing is left out. */
export function largest(groups: readonly Group[], measure: Measure, most: number): Group[] {
  return groups
    .map((group) => ({ group, total: totalOf(group.sums, measure) }))
    .filter(({ total }) => total > 0)
    .sort((one, other) => other.total - one.total)
    .slice(0, most)
    .map(({ group }) => group)
}

/** Returns the amounts by day. */
export function byDay(sums: readonly Sum[], measure: Measure): Record<string, number> {
  const amounts: Record<string, number> = {}
  for (const sum of sums) {
    const day = sum.id ?? ''
    amounts[day] = (amounts[day] ?? 0) + amountOf(sum, measure)
  }
  return amounts
}
