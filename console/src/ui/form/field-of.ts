/**
 * Returns the field of a form that an error of the API names, or null.
 *
 * @param param the path in the body, as `allowed_ips[0]` or `limits.rpm`.
 * @param fields the names of the form, as `allowed_ips`, `limits.rpm` or, for short, `rpm`.
 */
export function fieldOf(param: string | null, fields: readonly string[]): string | null {
  if (!param) return null
  const path = param.replace(/\[\d+\]/g, '').split('.')
  for (let length = path.length; length > 0; length -= 1) {
    const name = path.slice(0, length).join('.')
    if (fields.includes(name)) return name
  }
  const last = path.at(-1)
  return last && fields.includes(last) ? last : null
}
