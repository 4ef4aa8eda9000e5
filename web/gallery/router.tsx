import { createMemoryHistory, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { Gallery } from './Gallery'

// Links and panels want a router. Here it leads nowhere: whichever address is asked for, the gallery stays.
const root = createRootRoute({ component: Gallery, notFoundComponent: () => null })
const paths = ['/', '/c/$id', '/sign-in', '/admin/{-$page}/{-$id}']

export const router = createRouter({
  routeTree: root.addChildren(paths.map((path) => createRoute({ getParentRoute: () => root, path }))),
  history: createMemoryHistory({ initialEntries: ['/admin/users'] }),
})
