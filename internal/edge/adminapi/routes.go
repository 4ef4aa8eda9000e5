// Package adminapi is the administration of a tenant, and for the operator, of tenants. Each subject has a
// file with its routes, the types that they take and tell, and their handlers.
package adminapi

import (
	"slices"

	"github.com/parley-chat/parley/internal/edge"
	"github.com/parley-chat/parley/internal/tenancy"
	"github.com/parley-chat/parley/internal/usage"
)

type api struct {
	accounts *tenancy.Service
	book     *usage.Book
}

// Routes are the endpoints.
func Routes(accounts *tenancy.Service, book *usage.Book) []edge.Route {
	a := &api{accounts, book}
	return slices.Concat(a.userRoutes(), a.invitationRoutes(), a.groupRoutes(), a.tenantRoutes(), a.usageRoutes())
}
