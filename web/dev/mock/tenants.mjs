// The tenants, for the owners of the first one.
import { newId } from './state.mjs'

const one = (handler) => (ctx) => {
  const t = ctx.state.tenants.get(ctx.params.id)
  return t ? handler(ctx, t) : ctx.fail(404, 'not_found', `there is no tenant ${ctx.params.id}`)
}

const first = (ctx) => ctx.fail(409, 'conflict', 'the first tenant manages all others and cannot be removed')

function create(ctx) {
  const { slug, name, owner } = ctx.body
  if (!/^[a-z0-9](-?[a-z0-9])*$/.test(slug ?? '')) return ctx.fail(400, 'invalid_request', 'slug must be 1 to 48 of a-z, 0-9 and inner hyphens, like acme-research', {}, 'slug')
  if (!name?.trim()) return ctx.fail(400, 'invalid_request', 'name must not be empty', {}, 'name')
  if ([...ctx.state.tenants.values()].some((t) => t.slug === slug)) return ctx.fail(409, 'conflict', `the slug "${slug}" is taken; choose another`, {}, 'slug')
  const tenant = { id: newId('ten'), slug, name, operator: false, created_at: new Date().toISOString() }
  ctx.state.tenants.set(tenant.id, tenant)
  if (owner) ctx.state.addUser({ ...owner, role: 'owner', tenant })
  return ctx.json(201, tenant)
}

/** method + path -> handler, for the operator. */
export const tenantRoutes = {
  'GET /v1/admin/tenants': (ctx) => ctx.json(200, { data: [...ctx.state.tenants.values()] }),
  'POST /v1/admin/tenants': create,
  'GET /v1/admin/tenants/:id': one((ctx, t) => ctx.json(200, t)),
  'PATCH /v1/admin/tenants/:id': one((ctx, t) => {
    if (!ctx.body.name?.trim()) return ctx.fail(400, 'invalid_request', 'name must not be empty', {}, 'name')
    t.name = ctx.body.name
    return ctx.json(200, t)
  }),
  'DELETE /v1/admin/tenants/:id': one((ctx, t) => {
    if (t.operator) return first(ctx)
    t.deleted_at = new Date().toISOString()
    return ctx.json(204)
  }),
  'POST /v1/admin/tenants/:id/shred': one((ctx, t) => {
    if (t.operator) return first(ctx)
    if (ctx.body.confirm !== t.slug) return ctx.fail(400, 'invalid_request', `to destroy this tenant's texts for ever, confirm with its slug "${t.slug}"`, {}, 'confirm')
    t.deleted_at ??= new Date().toISOString()
    return ctx.json(204)
  }),
}
