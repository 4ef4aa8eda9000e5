import { useCallback, useEffect, useState } from 'react'

/** Seconds left of a wait, counting down to 0, and a function that begins one. */
export function useCountdown(): [number, (seconds: number) => void] {
  const [until, setUntil] = useState(0)
  const [left, setLeft] = useState(0)
  useEffect(() => {
    if (!until) return
    const tick = () => {
      const now = Math.max(0, Math.ceil((until - Date.now()) / 1000))
      setLeft(now)
      if (now === 0) clearInterval(timer)
    }
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [until])
  const begin = useCallback((seconds: number) => {
    setLeft(Math.ceil(seconds))
    setUntil(Date.now() + seconds * 1000)
  }, [])
  return [left, begin]
}
