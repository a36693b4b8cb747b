import { z } from 'zod'

// The policy of the page permits no code from strings, with which zod would otherwise check objects.
z.config({ jitless: true })

export { z }
