import clsx from 'clsx'
import { ChevronDown, Ellipsis, GitFork, Pencil, RefreshCw, StepForward } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Message, Model } from '@/api/types'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { Menu, MenuItem, MenuLabel } from '@/kit/Menu'
import { Facts, goesOn, Outcome, Waiting } from './AnswerState'
import { Answer } from './markdown/Answer'
import { partReasoning } from './markdown/reasoning'
import { MessageEditor } from './MessageEditor'
import { Sourced } from '@/features/knowledge/Sources'
import { quiet } from './QuestionRow'
import { ReasonForm, Thumbs } from './Rating'
import { Siblings } from './Siblings'
import type { Place } from './tree'
import { useRowActions } from './useRowActions'
import { useTurn } from './useTurn'

interface Props {
  message: Message
  place: Place
  models: Model[]
  last: boolean
  canAsk: boolean
  marked: boolean
  onShow: (id: string) => void
  /** Has the question answered once more, by another model if one is named. */
  onAgain: (model?: string) => void
  onGoOn: () => void
}

/** An answer, finished or on its way. */
export function AnswerRow({ message, place, models, last, canAsk, marked, onShow, onAgain, onGoOn }: Props) {
  const { t } = useTranslation()
  const turn = useTurn(message.id)
  const [editing, setEditing] = useState(false)
  const [asked, setAsked] = useState(false)
  const { save, rate, fork } = useRowActions(message)
  const more = useRef<HTMLButtonElement>(null)
  const close = () => {
    setEditing(false)
    requestAnimationFrame(() => more.current?.focus())
  }
  const live = message.status === 'streaming'
  const text = live && turn && turn.text.length > message.text.length ? turn.text : message.text
  return (
    <article id={message.id} aria-busy={live} className={clsx('group pb-2', marked && 'rounded-sm outline-2 outline-offset-4 outline-accent')}>
      <h2 className="sr-only">{t('chat.parley')}</h2>
      {editing ? (
        <MessageEditor
          text={text}
          onCancel={close}
          onSave={(next) => {
            close()
            save(next)
          }}
        />
      ) : (
        text && (
          <Sourced sources={(live ? turn?.sources : undefined) ?? message.sources} grounding={(live ? turn?.grounding : undefined) ?? message.grounding} text={text}>
            <Answer text={text} open={message.status !== 'complete'} />
          </Sourced>
        )
      )}
      {live && <Waiting turn={turn} begun={text !== ''} />}
      {!live && !editing && (
        <>
          <Outcome message={message} turn={turn} canAsk={canAsk} onAgain={() => onAgain()} />
          <div className="mt-2 -ms-1.5 flex min-h-8 flex-wrap items-center gap-0.5 pointer-coarse:min-h-9">
            <Siblings id={message.id} place={place} onShow={onShow} />
            <div className={clsx(quiet, (last || message.feedback) && 'opacity-100')}>
              {text && <CopyButton text={() => partReasoning(text).answer || text} label={t('chat.copy')} />}
              {canAsk && <Again models={models} model={message.model} onAgain={onAgain} />}
              {canAsk && text && last && goesOn(message) && <IconButton icon={StepForward} size="sm" label={t('actions.continue')} onClick={onGoOn} className="rtl:-scale-x-100" />}
              {text && (
                <>
                  <Thumbs feedback={message.feedback} onRate={rate} onAsk={setAsked} />
                  {canAsk && (
                    <Menu align="start" trigger={<IconButton ref={more} icon={Ellipsis} size="sm" label={t('actions.more')} />}>
                      <MenuItem icon={GitFork} onSelect={fork}>
                        {t('actions.fork')}
                      </MenuItem>
                      <MenuItem icon={Pencil} onSelect={() => setTimeout(() => setEditing(true))}>
                        {t('actions.editAnswer')}
                      </MenuItem>
                    </Menu>
                  )}
                </>
              )}
              <Facts message={message} turn={turn} />
            </div>
          </div>
          {asked && message.feedback && <ReasonForm feedback={message.feedback} onSave={rate} onClose={() => setAsked(false)} />}
        </>
      )}
    </article>
  )
}

function Again({ models, model, onAgain }: { models: Model[]; model?: string; onAgain: (model?: string) => void }) {
  const { t } = useTranslation()
  const others = models.filter((m) => m.id !== model)
  return (
    <span className="flex items-center">
      <IconButton icon={RefreshCw} size="sm" label={t('chat.regenerate')} onClick={() => onAgain()} />
      {others.length > 0 && (
        <Menu align="start" className="max-w-80" trigger={<IconButton icon={ChevronDown} size="sm" label={t('actions.againWith')} className="-ms-1 !w-5" />}>
          <MenuLabel>{t('actions.againWith')}</MenuLabel>
          {others.map((m) => (
            <MenuItem key={m.id} onSelect={() => onAgain(m.id)}>
              <span className="truncate">{m.id}</span>
            </MenuItem>
          ))}
        </Menu>
      )}
    </span>
  )
}
