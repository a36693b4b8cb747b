/** Sends the resending of an endpoint as often as it takes: one request resends a thousand. Returns how many were resent. */
export async function resendAll(
  send: () => Promise<{ resent?: number; has_more?: boolean } | undefined>,
): Promise<number> {
  let count = 0
  for (;;) {
    const { resent = 0, has_more = false } = (await send()) ?? {}
    count += resent
    if (!has_more || resent === 0) return count
  }
}
