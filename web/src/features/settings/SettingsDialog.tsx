import { ChartColumn, CircleUser, Database, KeyRound, Palette, Share2, ShieldCheck, type LucideIcon } from 'lucide-react'
import { Tabs } from 'radix-ui'
import type { ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Me } from '@/api/types'
import { Shares } from '@/features/sharing/Shares'
import { Import } from '@/features/transfer/Import'
import { Dialog } from '@/kit/Dialog'
import { useBroad } from '@/kit/media'
import { Appearance } from './Appearance'
import { Keys } from './Keys'
import { Password } from './Password'
import { Profile } from './Profile'
import { Sessions } from './Sessions'
import { UsageChart } from './UsageChart'
import { YourData } from './YourData'

interface Props {
  open: boolean
  onClose: () => void
  me: Me
  onDeleted: () => void
}

export default function SettingsDialog({ open, onClose, me, onDeleted }: Props) {
  const { t } = useTranslation()
  const broad = useBroad() // else the tabs lie side by side, and the arrows go that way
  return (
    <Dialog open={open} onClose={onClose} title={t('settings.title')} className="h-[min(44rem,100%)] max-w-3xl">
      <Tabs.Root defaultValue="profile" orientation={broad ? 'vertical' : 'horizontal'} className="mt-4 flex min-h-0 flex-1 flex-col border-t border-line sm:flex-row">
        <Tabs.List
          aria-label={t('settings.title')}
          className="flex shrink-0 gap-0.5 overflow-x-auto p-2.5 max-sm:border-b max-sm:border-line sm:w-52 sm:flex-col sm:border-e sm:border-line"
        >
          <Tab value="profile" icon={CircleUser} label={t('settings.profile')} />
          <Tab value="appearance" icon={Palette} label={t('settings.appearance')} />
          <Tab value="security" icon={ShieldCheck} label={t('settings.security')} />
          <Tab value="keys" icon={KeyRound} label={t('settings.keys')} />
          <Tab value="shares" icon={Share2} label={t('share.mine')} />
          <Tab value="usage" icon={ChartColumn} label={t('usage.tab')} />
          <Tab value="data" icon={Database} label={t('settings.data')} />
        </Tabs.List>
        <Panel value="profile">
          <Profile me={me} />
        </Panel>
        <Panel value="appearance">
          <Appearance />
        </Panel>
        <Panel value="security">
          <Password />
          <Sessions />
        </Panel>
        <Panel value="keys">
          <Keys me={me} />
        </Panel>
        <Panel value="shares">
          <Shares />
        </Panel>
        <Panel value="usage">
          <UsageChart />
        </Panel>
        <Panel value="data">
          <Import />
          <YourData onDeleted={onDeleted} />
        </Panel>
      </Tabs.Root>
    </Dialog>
  )
}

function Tab({ value, icon: Icon, label }: { value: string; icon: LucideIcon; label: string }) {
  return (
    <Tabs.Trigger
      value={value}
      className="flex h-9 shrink-0 items-center gap-2.5 rounded-sm px-2.5 text-sm text-muted transition-colors hover:bg-hover hover:text-text focus-visible:-outline-offset-2 data-[state=active]:bg-sunken data-[state=active]:font-medium data-[state=active]:text-text pointer-coarse:h-11"
    >
      <Icon aria-hidden="true" className="size-4" />
      {label}
    </Tabs.Trigger>
  )
}

function Panel({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Tabs.Content value={value} className="min-h-0 flex-1 space-y-8 overflow-y-auto p-6 focus-visible:-outline-offset-2">
      {children}
    </Tabs.Content>
  )
}
