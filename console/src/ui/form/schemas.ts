/**
 * What becomes of the texts that people type before the API gets them. Whether a value is right is for the API to say;
 * here a text is only read as what it has to be.
 */
import i18next from 'i18next'
import { z } from './zod'

/** Text; empty text stays so, and the API says that something is missing. */
export const text = () => z.string().trim()

/** Text, or null when the field is empty. */
export const textOrNull = () =>
  z
    .string()
    .trim()
    .transform((value) => (value === '' ? null : value))

/** A whole number, or null when the field is empty. */
export const integerOrNull = () =>
  z
    .string()
    .trim()
    .transform((value, context) => {
      if (value === '') return null
      if (/^[+-]?\d{1,15}$/.test(value)) return Number(value)
      context.addIssue({ code: 'custom', message: i18next.t('form.notInteger') })
      return z.NEVER
    })

/** An amount of money as people write it, as micros; null when the field is empty. */
export const microsOrNull = () =>
  z
    .string()
    .trim()
    .transform((value, context) => {
      if (value === '') return null
      const match = value.match(/^(\d{1,9})(?:\.(\d{1,6}))?$/)
      if (match) return Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'))
      context.addIssue({ code: 'custom', message: i18next.t('form.notMoney') })
      return z.NEVER
    })

/** A moment of a `datetime-local` field in the browser's time zone, as ISO 8601; null when the field is empty. */
export const momentOrNull = () =>
  z
    .string()
    .trim()
    .transform((value, context) => {
      if (value === '') return null
      const moment = new Date(value)
      if (!Number.isNaN(moment.getTime())) return moment.toISOString()
      context.addIssue({ code: 'custom', message: i18next.t('form.notMoment') })
      return z.NEVER
    })

/** A list, one entry a line, or null when there is none, which to the API means everything. */
export const linesOrNull = () =>
  z.string().transform((value) => {
    const lines = value
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    return lines.length > 0 ? lines : null
  })

/** A JSON object, or null when the field is empty. */
export const objectOrNull = () =>
  z
    .string()
    .trim()
    .transform((value, context): Record<string, unknown> | null => {
      if (value === '') return null
      try {
        const read: unknown = JSON.parse(value)
        if (typeof read === 'object' && read !== null && !Array.isArray(read))
          return read as Record<string, unknown>
      } catch {
        // Said below.
      }
      context.addIssue({ code: 'custom', message: i18next.t('form.notObject') })
      return z.NEVER
    })
