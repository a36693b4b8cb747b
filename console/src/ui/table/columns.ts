import { createColumnHelper, tableFeatures } from '@tanstack/react-table'

export interface ColumnMeta {
  /** Numbers stand at the right. */
  isNumber?: boolean
  /** Left out where the page is narrow. */
  isExtra?: boolean
}

/** Rows come from the API page by page, filtered and ordered; the table itself only shows them. */
export const features = tableFeatures({ columnMeta: {} as ColumnMeta })
export type Features = typeof features

/** Returns the helper with which the columns of a list are written. */
export function columnsOf<Row extends object>() {
  return createColumnHelper<Features, Row>()
}
