import { useEffect, useState } from 'react'

/** Returns a value as it was when it last stayed the same (as JSON) for a while. */
export function useSettled<Value>(value: Value, ms: number): Value {
  const [settled, setSettled] = useState(value)
  const text = JSON.stringify(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text)), ms)
    return () => clearTimeout(timer)
  }, [text, ms])
  return settled
}
