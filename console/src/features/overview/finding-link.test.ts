import { expect, test } from 'vitest'
import { canCarryOut, linkOf } from './finding-link'

const channel = { type: 'channel', id: 'ch_1', name: 'default', tenant_id: null }
const budget = { type: 'budget', id: 'budget_1', name: null, tenant_id: 'tenant_1' }
const endpoint = { type: 'endpoint', id: 'https://a.example', name: 'studio', tenant_id: 'tenant_1' }

test.each([
  ['unknown_outcome', '/tasks?status=unknown', null, '/tasks', { status: 'unknown' }],
  ['open_breaker', '/channels/ch_1', channel, '/channels', { show: 'ch_1' }],
  [
    'failing_endpoint',
    '/deliveries',
    endpoint,
    '/deliveries',
    { endpoint: 'https://a.example', tenant: 'tenant_1' },
  ],
  ['exhausted_budget', '/budgets?tenant=tenant_1', budget, '/tenants', { show: 'tenant_1' }],
  ['orphan', '/orphans', null, '/tasks', { tab: 'orphans' }],
  ['unpriced_task', '/prices', null, '/models', { tab: 'prices' }],
])('%s leads to the page that shows it', (kind, see, subject, to, search) => {
  expect(linkOf({ kind, see, subject })).toEqual({ to, search })
})

test('what no page shows leads nowhere', () => {
  expect(linkOf({ kind: 'stale_process', see: null, subject: null })).toBeNull()
})

test('an act is a button only if nothing has to be chosen for it', () => {
  const act = { command: 'seedgate …', body: null }
  expect(canCarryOut({ act: { ...act, method: 'POST', path: '/channels/ch_1/check' } })).toBe(true)
  expect(canCarryOut({ act: { ...act, method: 'POST', path: '/tasks/{task_id}/resolve' } })).toBe(false)
  expect(canCarryOut({ act: { ...act, method: null, path: null } })).toBe(false)
  expect(canCarryOut({ act: { ...act, method: 'PATCH', path: '/budgets/budget_1' } })).toBe(false)
  expect(canCarryOut({ act: { ...act, method: 'PUT', path: '/prices' } })).toBe(false)
})
