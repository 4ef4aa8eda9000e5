import { useState } from 'react'
import { AnswerRow } from '@/features/chat/AnswerRow'
import { Answer } from '@/features/chat/markdown/Answer'
import { Reasoning } from '@/features/chat/markdown/Reasoning'
import { ToolCard } from '@/features/chat/markdown/ToolCard'
import { PairRow, type Side } from '@/features/chat/PairRow'
import { PendingAnswer } from '@/features/chat/AnswerState'
import { answer, models, short, thought } from '../../data'
import { Case, long, nothing, unbroken, type Section } from '../../section'

const said = { place: { n: 1, total: 1 }, models, last: true, canAsk: true, marked: false, onShow: nothing, onAgain: nothing, onGoOn: nothing }

function Pairs() {
  const [kept, setKept] = useState('')
  const done = (id: string, model: string): Side => ({ id, model, done: true, row: <AnswerRow {...said} message={{ ...answer(short), id, model }} /> })
  const going: Side = { id: 'c', model: 'pilot-135m', done: false, row: <PendingAnswer ticket="none" /> }
  return (
    <>
      <Case name={kept ? `kept: ${kept}` : 'both have ended'} wide>
        <PairRow left={done('pair_a', 'harbour-7b')} right={done('pair_b', 'far-away-large')} wide canAsk onKeep={setKept} />
      </Case>
      <Case name="narrow, one on its way">
        <PairRow left={done('pair_d', `harbour-7b-${unbroken}`)} right={going} wide={false} canAsk onKeep={nothing} />
      </Case>
    </>
  )
}

const args = '{"query": "tides", "limit": 3}'

export const parts: Section[] = [
  { of: { PairRow }, Cases: Pairs },
  {
    of: { Answer },
    Cases: () => (
      <>
        <Case name="in mid-word">
          <Answer text={'Some **bold** text, and a [link](https://exam'} open />
        </Case>
        <Case name="hostile">
          <Answer text={'<script>alert(1)</script> [do not](javascript:alert(1)) ![picture](https://example.com/a.png)'} />
        </Case>
        <Case name="from right to left">
          <Answer text={'يأتي **المد** مرتين في اليوم.\n\n1. القمر\n2. الشمس: `tide(t)`\n\nAnd a line in English.'} />
        </Case>
        <Case name="no place to break">
          <Answer text={`${unbroken} and \`${unbroken}\``} />
        </Case>
      </>
    ),
  },
  {
    of: { Reasoning },
    Cases: () => (
      <>
        <Case name="thinking">
          <Reasoning text={thought} thinking />
        </Case>
        <Case name="thought, for a known time">
          <Reasoning text={thought} thinking={false} seconds={12} />
        </Case>
        <Case name="thought">
          <Reasoning text={long} thinking={false} />
        </Case>
      </>
    ),
  },
  {
    of: { ToolCard },
    Cases: () => (
      <>
        <Case name="running">
          <ToolCard call={{ name: 'search_almanac', arguments: args, status: 'running' }} />
        </Case>
        <Case name="done">
          <ToolCard call={{ name: 'search_almanac', arguments: args, result: '{"found": 3}', status: 'done', duration_ms: 840 }} />
        </Case>
        <Case name="failed, long name">
          <ToolCard call={{ name: unbroken, arguments: args, result: 'the almanac is closed', status: 'failed', duration_ms: 12_400 }} />
        </Case>
      </>
    ),
  },
]
