import type { UseQueryResult } from '@tanstack/react-query'
import { SearchX } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Empty } from './Empty'
import type { ListControl } from './useList'

interface Props {
  query: Pick<UseQueryResult, 'isError' | 'error' | 'refetch'>
  /** Rows that are shown; undefined while loading. */
  count: number | undefined
  list: ListControl
  /** What is shown when there is nothing at all. */
  empty: ReactNode
  children: ReactNode
  more?: { has: boolean; busy: boolean; load: () => void }
}

/** Decides what a list shows: its rows, that there are none, that none match, or what went wrong. */
export function ListBody({ query, count, list, empty, children, more }: Props) {
  const { t } = useTranslation('admin')
  if (query.isError && count === undefined) {
    return (
      <Notice
        action={
          <Button size="sm" className="-my-1" onClick={() => void query.refetch()}>
            {t('kit.retry')}
          </Button>
        }
      >
        {errorText(query.error)}
      </Notice>
    )
  }
  if (count === 0 && !list.narrowed) return empty
  if (count === 0) return <Empty icon={SearchX} title={t('kit.none')} text={t('kit.noneText')} action={<Button size="sm" onClick={list.clear}>{t('kit.clear')}</Button>} />
  return (
    <>
      {children}
      {more?.has && (
        <div className="mt-4 text-center">
          <Button size="sm" busy={more.busy} onClick={more.load}>
            {t('kit.more')}
          </Button>
        </div>
      )}
    </>
  )
}
