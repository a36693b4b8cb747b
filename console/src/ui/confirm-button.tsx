import { useEffect, useState } from 'react'
import { Button, type ButtonProps } from './button'

const ARMED_MS = 5_000

/** A button that acts at the second click: for what can be made again, but not by one key too many. */
export function ConfirmButton({
  label,
  question,
  onConfirm,
  ...props
}: Omit<ButtonProps, 'onClick' | 'children'> & { label: string; question: string; onConfirm: () => void }) {
  const [isArmed, setIsArmed] = useState(false)

  useEffect(() => {
    if (!isArmed) return
    const timer = setTimeout(() => setIsArmed(false), ARMED_MS)
    return () => clearTimeout(timer)
  }, [isArmed])

  return (
    <Button
      variant={isArmed ? 'danger' : 'plain'}
      {...props}
      aria-live="polite"
      onBlur={() => setIsArmed(false)}
      onClick={() => {
        if (isArmed) onConfirm()
        setIsArmed(!isArmed)
      }}
    >
      {isArmed ? question : label}
    </Button>
  )
}
