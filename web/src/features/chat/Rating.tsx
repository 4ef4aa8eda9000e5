import clsx from 'clsx'
import { ThumbsDown, ThumbsUp } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Feedback, FeedbackReason } from '@/api/types'
import { Button } from '@/kit/Button'
import { IconButton } from '@/kit/IconButton'
import { TextArea } from '@/kit/TextArea'

const reasons: FeedbackReason[] = ['wrong', 'unhelpful', 'style', 'slow', 'unsafe', 'other']

interface Props {
  feedback: Feedback | null | undefined
  onRate: (feedback: Feedback | null) => void
  /** The reader may say why. */
  onAsk: (open: boolean) => void
}

/** Thumbs up and down. A thumb that is down asks for a reason. */
export function Thumbs({ feedback, onRate, onAsk }: Props) {
  const { t } = useTranslation()
  const set = (rating: 1 | -1) => {
    const same = feedback?.rating === rating
    onRate(same ? null : { rating })
    onAsk(!same && rating === -1)
  }
  const thumb = (rating: 1 | -1) => {
    const on = feedback?.rating === rating
    return (
      <IconButton
        icon={rating === 1 ? ThumbsUp : ThumbsDown}
        size="sm"
        label={rating === 1 ? t('feedback.good') : t('feedback.bad')}
        aria-pressed={on}
        onClick={() => set(rating)}
        className={clsx(on && '!text-accent [&_svg]:fill-current/20')}
      />
    )
  }
  return (
    <>
      {thumb(1)}
      {thumb(-1)}
    </>
  )
}

interface FormProps {
  feedback: Feedback
  onSave: (feedback: Feedback) => void
  onClose: () => void
}

/** Asks what was wrong with an answer. */
export function ReasonForm({ feedback, onSave, onClose }: FormProps) {
  const { t } = useTranslation()
  const [reason, setReason] = useState<FeedbackReason | ''>(feedback.reason ?? '')
  const [comment, setComment] = useState(feedback.comment ?? '')
  return (
    <form
      className="mt-2 animate-fade space-y-3 rounded-md border border-line bg-raised p-4"
      onSubmit={(e) => {
        e.preventDefault()
        onSave({ rating: feedback.rating, reason, comment: comment.trim() })
        onClose()
      }}
    >
      <fieldset>
        <legend className="mb-2 text-sm font-medium">{t('feedback.title')}</legend>
        <div className="flex flex-wrap gap-1.5">
          {reasons.map((r) => (
            <label
              key={r}
              className="cursor-pointer rounded-full border border-line px-3 py-1 text-sm transition-colors hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:py-2"
            >
              <input type="radio" name="reason" className="sr-only" checked={reason === r} onChange={() => setReason(r)} />
              {t(`feedback.${r}`)}
            </label>
          ))}
        </div>
      </fieldset>
      <TextArea bare rows={2} maxLength={2000} label={t('feedback.comment')} placeholder={t('feedback.comment')} value={comment} onChange={(e) => setComment(e.target.value)} />
      <div className="flex justify-end gap-2">
        <Button size="sm" onClick={onClose}>
          {t('feedback.skip')}
        </Button>
        <Button size="sm" type="submit" look="primary" disabled={!reason && !comment.trim()}>
          {t('feedback.send')}
        </Button>
      </div>
    </form>
  )
}
