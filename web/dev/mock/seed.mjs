import { newId } from './state.mjs'

const day = 86_400_000
const ago = (days) => new Date(Date.now() - days * day).toISOString()

const people = [
  ['Grace Hopper', 'grace', 'owner', ['Leadership'], 0.1],
  ['Alan Turing', 'alan', 'admin', ['Research', 'Cryptography'], 0.4],
  ['Katherine Johnson', 'katherine', 'member', ['Research'], 1.2],
  ['Margaret Hamilton', 'margaret', 'member', ['Engineering', 'On call'], 2],
  ['Donald Knuth', 'donald', 'member', ['Research'], 31],
  ['Barbara Liskov', 'barbara', 'admin', ['Engineering'], 0.02],
  ['Edsger Dijkstra', 'edsger', 'viewer', [], null],
  ['Radia Perlman', 'radia', 'member', ['Engineering', 'R&D / Berlin'], 5],
  ['Tim Berners-Lee', 'tim', 'member', ['Engineering'], 12],
  ['Hedy Lamarr', 'hedy', 'member', ['Research', 'R&D / Berlin'], 90],
  ['Karen Spärck Jones', 'karen', 'member', ['Research'], 3],
  ['John McCarthy', 'john', 'viewer', ['Guests'], 200],
]

/** Gives an organisation people, groups, invitations, keys and a second tenant, to look at its administration. */
export function seedPeople(state, ada) {
  ada.groups = ['Leadership', 'Engineering']
  ada.created_at = ago(400)
  ada.last_login_at = ago(0)
  for (const [i, [name, id, role, groups, login]] of people.entries()) {
    const u = state.addUser({ name, email: `${id}@example.com`, role, groups, password: id === 'radia' ? '' : 'correct horse', tenant: ada.tenant })
    u.created_at = ago(380 - 30 * i)
    if (login !== null) u.last_login_at = ago(login)
    if (id === 'john') u.disabled = true
    if (i % 2 === 0) {
      const k = newId('key')
      const expires_at = i % 4 === 0 ? ago(i === 4 ? 3 : -60) : null
      state.keys.set(k, { id: k, name: ['Notebook', 'Nightly report', 'Editor', 'Evaluation'][i % 4], prefix: `parley_${id.slice(0, 4)}`, permissions: role === 'admin' ? ['chat', 'admin'] : ['chat'], created_at: ago(120 - 8 * i), expires_at, last_used_at: i === 6 ? null : ago(i), user: u.id })
    }
  }
  for (const [name, description] of [
    ['Engineering', 'Builds and runs what we sell.'],
    ['Research', 'Reads, measures, writes.'],
    ['Leadership', ''],
    ['On call', 'Whoever carries the pager this week.'],
  ])
    state.groups.set(name, { description, created_at: ago(300) })
  for (const [email, name, days, accepted] of [
    ['ada.yonath@example.com', 'Ada Yonath', -4],
    ['new.colleague@example.com', '', -0.6],
    ['tu.youyou@example.com', 'Tu Youyou', 2],
    ['katherine@example.com', 'Katherine Johnson', 200, 207],
  ]) {
    const i = newId('inv')
    state.invitations.set(i, { id: i, email, name, role: 'member', groups: ['Research'], created_at: ago(days + 7), expires_at: ago(days), ...(accepted && { accepted_at: ago(accepted) }), invited_by: 'Grace Hopper', token: newId('tok'), tenant: ada.tenant })
  }
  state.tenants.set('ten_2', { id: 'ten_2', slug: 'harbour-lab', name: 'Harbour Laboratory', operator: false, created_at: ago(90) })
  state.tenants.set('ten_3', { id: 'ten_3', slug: 'old-project', name: 'Old project', operator: false, created_at: ago(300), deleted_at: ago(20) })
}
