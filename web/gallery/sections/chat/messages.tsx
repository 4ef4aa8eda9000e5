import { AnswerRow } from '@/features/chat/AnswerRow'
import { Facts, Outcome, PendingAnswer, Waiting } from '@/features/chat/AnswerState'
import { Bubble } from '@/features/chat/Bubble'
import { withFiles } from '@/features/chat/files'
import { MessageEditor } from '@/features/chat/MessageEditor'
import { QuestionRow, Said } from '@/features/chat/QuestionRow'
import { ReasonForm, Thumbs } from '@/features/chat/Rating'
import { Siblings } from '@/features/chat/Siblings'
import { ThreadSkeleton } from '@/features/chat/Thread'
import type { Turn } from '@/features/chat/turns'
import { answer, everything, files, models, noon, question, short, thought } from '../../data'
import { Case, long, nothing, State, unbroken, type Section } from '../../section'

const alone = { n: 1, total: 1 }
const second = { n: 2, total: 3, previous: 'a', next: 'c' }
const asked = { place: alone, canAsk: true, marked: false, onShow: nothing, onEdit: nothing }
const said = { place: alone, models, last: true, canAsk: true, marked: false, onShow: nothing, onAgain: nothing, onGoOn: nothing }
const turn: Turn = { phase: 'waiting', text: '', queue: 0, up: true, stopping: false }

const questions = {
  plain: question('What makes the tides?'),
  pointed: question('What makes the tides?'),
  edited: question('What makes the tides, and how often?', { edited_at: '2026-11-23T12:10:00Z' }),
  found: question('What makes the tides?'),
  long: question(`${long} ${unbroken}`),
  files: question(withFiles('What do these tell?', files)),
  arabic: question('ما الذي يسبب المد والجزر؟ (tides)'),
}

function Questions() {
  return (
    <>
      <Case name="at rest">
        <QuestionRow {...asked} message={questions.plain} />
      </Case>
      <Case name="under the pointer, with versions">
        <State at="article" look="hover">
          <QuestionRow {...asked} message={questions.pointed} place={second} />
        </State>
      </Case>
      <Case name="edited, read-only">
        <State at="article" look="hover">
          <QuestionRow {...asked} message={questions.edited} canAsk={false} />
        </State>
      </Case>
      <Case name="found by a search">
        <QuestionRow {...asked} message={questions.found} marked />
      </Case>
      <Case name="long text">
        <QuestionRow {...asked} message={questions.long} />
      </Case>
      <Case name="with files">
        <QuestionRow {...asked} message={questions.files} />
      </Case>
      <Case name="from right to left">
        <QuestionRow {...asked} message={questions.arabic} />
      </Case>
      <Case name="on its way">
        <Said text="What makes the tides?" />
      </Case>
    </>
  )
}

const answers = {
  plain: answer(short),
  pointed: answer(short),
  streaming: answer('The **tide** comes in twice a day, since the mo', { status: 'streaming' }),
  thinking: answer(`<think>${thought}`, { status: 'streaming' }),
  thought: answer(`<think>${thought}</think>${short}`),
  stopped: answer('The **tide** comes in twice', { status: 'partial', tokens: 12 }),
  cut: answer('The **tide** comes in twice a day, since', { finish_reason: 'length' }),
  filtered: answer('', { finish_reason: 'content_filter', tokens: 0 }),
  failed: answer('The **tide** comes', { status: 'failed', tokens: 0, latency_ms: 0 }),
  rated: answer(short, { feedback: { rating: -1, reason: '', comment: '', created_at: noon } }),
  liked: answer(short, { feedback: { rating: 1, reason: '', comment: '', created_at: noon }, edited_at: '2026-11-23T12:10:00Z' }),
  everything: answer(everything),
}

function Answers() {
  return (
    <>
      <Case name="the last one">
        <AnswerRow {...said} message={answers.plain} />
      </Case>
      <Case name="an earlier one, under the pointer, with versions">
        <State at="article" look="hover">
          <AnswerRow {...said} message={answers.pointed} last={false} place={second} />
        </State>
      </Case>
      <Case name="liked, and edited">
        <AnswerRow {...said} message={answers.liked} />
      </Case>
      <Case name="disliked, read-only">
        <AnswerRow {...said} message={answers.rated} canAsk={false} />
      </Case>
      <Case name="streaming">
        <AnswerRow {...said} message={answers.streaming} />
      </Case>
      <Case name="thinking">
        <AnswerRow {...said} message={answers.thinking} />
      </Case>
      <Case name="after a thought">
        <AnswerRow {...said} message={answers.thought} />
      </Case>
      <Case name="stopped">
        <AnswerRow {...said} message={answers.stopped} />
      </Case>
      <Case name="cut off at its length">
        <AnswerRow {...said} message={answers.cut} />
      </Case>
      <Case name="held back by a filter">
        <AnswerRow {...said} message={answers.filtered} />
      </Case>
      <Case name="failed">
        <AnswerRow {...said} message={answers.failed} />
      </Case>
      <Case name="found by a search">
        <AnswerRow {...said} message={answer(short)} last={false} marked />
      </Case>
      <Case name="a bit of everything" wide>
        <div className="max-w-read">
          <AnswerRow {...said} message={answers.everything} />
        </div>
      </Case>
    </>
  )
}

function States() {
  return (
    <>
      <Case name="sending">
        <Waiting begun={false} />
      </Case>
      <Case name="in a queue">
        <Waiting turn={{ ...turn, queue: 3 }} begun={false} />
      </Case>
      <Case name="before the first word">
        <Waiting turn={turn} begun={false} />
      </Case>
      <Case name="without a connection, in mid-answer">
        <Waiting turn={{ ...turn, up: false }} begun />
      </Case>
      <Case name="failed, with a reason">
        <Outcome message={answers.failed} turn={{ ...turn, phase: 'failed', fault: { code: 'internal', message: 'the engine stopped', request_id: 'req_1' } }} canAsk onAgain={nothing} />
      </Case>
      <Case name="its figures">
        <Facts message={answers.liked} />
      </Case>
    </>
  )
}

export const messages: Section[] = [
  { of: { QuestionRow, Said, Bubble }, Cases: Questions },
  {
    of: { MessageEditor },
    Cases: () => (
      <>
        <Case name="a question">
          <MessageEditor text="What makes the tides?" onCancel={nothing} onSave={nothing} onRerun={nothing} />
        </Case>
        <Case name="an answer">
          <MessageEditor text={short} onCancel={nothing} onSave={nothing} />
        </Case>
        <Case name="nothing left of it">
          <MessageEditor text="" onCancel={nothing} onSave={nothing} onRerun={nothing} />
        </Case>
      </>
    ),
  },
  { of: { AnswerRow }, Cases: Answers },
  { of: { Waiting, PendingAnswer, Outcome, Facts }, Cases: States },
  {
    of: { Siblings },
    Cases: () => (
      <>
        <Case name="the first, one between, the last">
          <div className="flex gap-4">
            <Siblings id="a" place={{ n: 1, total: 3, next: 'b' }} onShow={nothing} />
            <Siblings id="b" place={second} onShow={nothing} />
            <Siblings id="c" place={{ n: 3, total: 3, previous: 'b' }} onShow={nothing} />
          </div>
        </Case>
      </>
    ),
  },
  {
    of: { Thumbs },
    Cases: () => (
      <>
        {([undefined, { rating: 1 }, { rating: -1 }] as const).map((feedback) => (
          <Case key={String(feedback?.rating)} name={feedback ? (feedback.rating === 1 ? 'liked' : 'disliked') : 'not rated'}>
            <Thumbs feedback={feedback} onRate={nothing} onAsk={nothing} />
          </Case>
        ))}
      </>
    ),
  },
  {
    of: { ReasonForm },
    Cases: () => (
      <>
        <Case name="empty">
          <ReasonForm feedback={{ rating: -1 }} onSave={nothing} onClose={nothing} />
        </Case>
        <Case name="filled in">
          <ReasonForm feedback={{ rating: -1, reason: 'unhelpful', comment: 'It beats about the bush.' }} onSave={nothing} onClose={nothing} />
        </Case>
      </>
    ),
  },
  {
    of: { ThreadSkeleton },
    Cases: () => (
      <Case name="a conversation on its way">
        <ThreadSkeleton />
      </Case>
    ),
  },
]
