import { useRef, useState, type SyntheticEvent } from 'react'
import { ApiError } from '@/api/client'
import { errorText } from '@/api/errorText'

/**
 * A form whose faults come from the server: one that names a field is shown at the field, which gets the focus;
 * any other is the form's `problem`. `save` may throw `fieldError` to refuse before the server is asked.
 */
export function useForm<T extends Record<string, unknown>>(initial: T, save: (values: T) => Promise<void>) {
  const [values, setValues] = useState(initial)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<{ param?: string; text: string } | null>(null)
  const form = useRef<HTMLFormElement>(null)

  const set = <K extends keyof T>(key: K, value: T[K]) => {
    setValues((old) => ({ ...old, [key]: value }))
    setFault((old) => (old?.param === key ? null : old))
  }
  const run = async () => {
    setBusy(true)
    setFault(null)
    try {
      await save(values)
    } catch (err) {
      // "owner.email" is the field "email" of a part that the form shows flat.
      const param = err instanceof ApiError ? err.extra.param?.split('.').at(-1) : undefined
      setFault({ param, text: errorText(err) })
      if (param && param in values) form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(param)}"]`)?.focus()
    } finally {
      setBusy(false)
    }
  }
  const known = fault?.param !== undefined && fault.param in values
  return {
    values,
    busy,
    set,
    reset: (next: T) => {
      setValues(next)
      setFault(null)
    },
    /** For an input: its name, value, what changes it and what is wrong with it. */
    field: <K extends keyof T & string>(key: K) => ({
      name: key,
      value: values[key] as string,
      onChange: (e: { target: { value: string } }) => set(key, e.target.value as T[K]),
      error: fault?.param === key ? fault.text : undefined,
    }),
    error: (key: keyof T) => (fault?.param === key ? fault.text : undefined),
    problem: fault && !known ? fault.text : null,
    changed: JSON.stringify(values) !== JSON.stringify(initial),
    props: {
      ref: form,
      onSubmit: (e: SyntheticEvent) => {
        e.preventDefault()
        if (!busy) void run()
      },
    },
  }
}

/** A refusal of the page's own, at a field. */
export const fieldError = (param: string, text: string) => new ApiError(400, 'invalid_request', text, { param })
