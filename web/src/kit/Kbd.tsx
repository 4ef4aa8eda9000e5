/** Keys to press together, one box a key. */
export function Kbd({ keys }: { keys: readonly string[] }) {
  return (
    <kbd className="inline-flex gap-1 font-sans" dir="ltr">
      {keys.map((key) => (
        <kbd key={key} className="inline-flex h-5 min-w-5 items-center justify-center rounded-[0.3rem] border border-line bg-canvas px-1.5 font-sans text-xs text-muted">
          {key}
        </kbd>
      ))}
    </kbd>
  )
}
