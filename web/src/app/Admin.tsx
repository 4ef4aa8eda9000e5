import { lazy, Suspense } from 'react'
import { loadAdmin } from '@/features/admin/load'
import { Splash } from '@/kit/Splash'
import { Gate } from './Gate'

const AdminPage = lazy(loadAdmin)

/** The administration, for who is signed in. */
export function Admin() {
  return (
    <Gate>
      {(me) => (
        <Suspense fallback={<Splash />}>
          <AdminPage key={me.user.id} me={me} />
        </Suspense>
      )}
    </Gate>
  )
}
