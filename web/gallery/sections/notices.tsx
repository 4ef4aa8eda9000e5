import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Case, long, unbroken, type Section } from '../section'

const tones = ['danger', 'warn'] as const

export const notices: Section[] = [
  {
    of: { Notice },
    Cases: () => (
      <>
        {tones.map((tone) => (
          <Case key={tone} name={tone}>
            <Notice tone={tone}>Parley can’t be reached. Check your connection and try again.</Notice>
          </Case>
        ))}
        <Case name="with an action">
          <Notice action={<Button size="sm" className="-my-1">Try again</Button>}>The answer could not be finished.</Notice>
        </Case>
        <Case name="long text" wide>
          <Notice tone="warn">
            {long} {unbroken}
          </Notice>
        </Case>
      </>
    ),
  },
]
