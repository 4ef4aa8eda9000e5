import type { Message } from '../../src/api/types'

interface Faults {
  dropAfter: number
  splitBytes: boolean
  chatReady: boolean
  sso: boolean
  links: boolean
  models: number
}

export interface Mock {
  url: string
  state: {
    faults: Faults
    setupToken: string
    messages: Map<string, Message>
    sessions: Map<string, { id: string; user: object }>
    addUser: (user: { email: string; name: string; password: string }) => object
  }
  close: () => Promise<void>
}

export function startMock(options?: { port?: number; pace?: number; seeded?: boolean }): Promise<Mock>
