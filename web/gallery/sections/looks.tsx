import { Settings } from 'lucide-react'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { IconButton } from '@/kit/IconButton'
import { Segmented } from '@/kit/Segmented'
import { TextArea } from '@/kit/TextArea'
import { Case, looks, nothing, State, type Section } from '../section'

const kinds = ['primary', 'secondary', 'ghost', 'danger'] as const
const told = { hover: 'under the pointer', active: 'pressed', focus: 'with the focus' }

/** The controls as the pointer and the keys find them. */
export const touched: Section[] = [
  {
    of: { Button, IconButton },
    Cases: () => (
      <>
        {looks.map((look) => (
          <Case key={look} name={told[look]}>
            <div className="flex flex-wrap gap-3">
              {kinds.map((kind) => (
                <State key={kind} look={look}>
                  <Button look={kind}>Save</Button>
                </State>
              ))}
              <State look={look}>
                <IconButton icon={Settings} label={`Settings, ${told[look]}`} />
              </State>
            </div>
          </Case>
        ))}
      </>
    ),
  },
  {
    of: { Field, TextArea, Segmented },
    Cases: () => (
      <>
        {looks
          .filter((look) => look !== 'active')
          .map((look) => (
            <Case key={look} name={told[look]}>
              <div className="space-y-4">
                <State at="input" look={look}>
                  <Field label="Name" defaultValue="Grace Hopper" />
                </State>
                <State at="textarea" look={look}>
                  <TextArea label="Comment" value="The tide is high." readOnly />
                </State>
                <State at="[aria-checked=false]" look={look}>
                  <Segmented label={`Days, ${told[look]}`} value="7" onChange={nothing} options={['7', '30'].map((value) => ({ value, label: `${value} days` }))} />
                </State>
              </div>
            </Case>
          ))}
      </>
    ),
  },
]
