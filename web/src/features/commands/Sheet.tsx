import { useTranslation } from '@/i18n/useTranslation'
import { Dialog } from '@/kit/Dialog'
import { Kbd } from '@/kit/Kbd'
import { useKeyNames } from './keys'
import { ShortcutSwitch } from './ShortcutSwitch'
import { groups, table, typing, type Keys } from './table'

/** Every shortcut of the page, with the switch for all of them. */
export default function Sheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog open onClose={onClose} title={t('commands.name.sheet')} className="max-w-2xl">
      <div data-keys="sheet" className="gap-x-8 overflow-y-auto px-6 pt-5 pb-6 sm:columns-2">
        {groups.map((group) => {
          const lines = table.flatMap((c) => (c.group === group && c.keys ? [{ name: t(`commands.name.${c.id}`), keys: c.keys }] : []))
          return lines.length > 0 && <Part key={group} title={t(`commands.group.${group}`)} lines={lines} />
        })}
        <Part title={t('commands.whileTyping')} lines={typing.map(({ id, keys }) => ({ name: t(`commands.typing.${id}`), keys }))} />
        <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4 [column-span:all]">
          <p className="max-w-80 text-sm text-muted">{t('commands.switchText')}</p>
          <ShortcutSwitch />
        </div>
      </div>
    </Dialog>
  )
}

function Part({ title, lines }: { title: string; lines: { name: string; keys: Keys }[] }) {
  const names = useKeyNames()
  return (
    <section className="break-inside-avoid pb-5">
      <h3 className="pb-1 text-xs font-medium text-muted">{title}</h3>
      <dl>
        {lines.map(({ name, keys }) => (
          <div key={name} className="flex min-h-8 items-center justify-between gap-4 text-sm">
            <dt>{name}</dt>
            <dd>
              <Kbd keys={names(keys)} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
