import { expect, test } from 'vitest'
import { identityOf, type Session } from './identity'

const admin: Session = { kind: 'admin', role: 'operator', name: 'ada', admin_id: 'admin_1', expires_at: '' }

test('admins of one name are different people', () => {
  expect(identityOf(admin)).not.toBe(identityOf({ ...admin, admin_id: 'admin_2' }))
})

test('a person stays the same when the session moves on or the name changes', () => {
  expect(identityOf(admin)).toBe(identityOf({ ...admin, name: 'Ada', expires_at: '2026-12-01T00:00:00Z' }))
})

test('another role is another person, who may see less', () => {
  expect(identityOf(admin)).not.toBe(identityOf({ ...admin, role: 'viewer' }))
})
