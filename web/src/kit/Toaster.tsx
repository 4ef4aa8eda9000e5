import clsx from 'clsx'
import { CircleAlert, X } from 'lucide-react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { act, dismiss, toastStore, type Toast } from './toasts'

/** The place of the toasts. They stay while the pointer or the focus is on them. */
export function Toaster() {
  const { t } = useTranslation()
  const list = useSyncExternalStore(toastStore.subscribe, toastStore.get)
  const [held, setHeld] = useState(false)
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- being pointed at only keeps it there
    <section
      aria-label={t('kit.notifications')}
      aria-live="polite"
      aria-atomic="false"
      // Beside the composer and never over it; on a phone below the header.
      className="pointer-events-none fixed inset-x-0 z-60 flex flex-col items-center gap-2 p-4 max-sm:top-12 sm:bottom-0 sm:items-end"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {list.map((item) => (
        <Item key={item.id} item={item} held={held} />
      ))}
    </section>
  )
}

function Item({ item, held }: { item: Toast; held: boolean }) {
  const { t } = useTranslation()
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => dismiss(item.id), item.tone === 'danger' || item.action ? 8_000 : 4_000)
    return () => clearTimeout(timer)
  }, [held, item])
  return (
    <div className="pointer-events-auto flex max-w-md animate-rise items-center gap-1 rounded-md bg-text py-1 ps-4 pe-1 text-sm text-canvas shadow-high">
      {item.tone === 'danger' && <CircleAlert aria-hidden="true" className="me-1.5 size-4 shrink-0" />}
      <span className="py-1.5">{item.text}</span>
      {item.action && (
        <button
          type="button"
          className={clsx(button, 'ms-2 px-2.5 font-semibold')}
          onClick={() => act(item.id)}
        >
          {item.action.label}
        </button>
      )}
      <button type="button" aria-label={t('kit.dismiss')} className={clsx(button, 'px-1.5')} onClick={() => dismiss(item.id)}>
        <X aria-hidden="true" className="size-4" />
      </button>
    </div>
  )
}

const button = 'h-8 shrink-0 rounded-sm transition-colors hover:bg-canvas/15 focus-visible:outline-canvas focus-visible:-outline-offset-2'
