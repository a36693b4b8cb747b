/** An answer of the API that is not a success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The path of the field at fault, as `limits.rpm` or `allowed_ips[0]`. */
    readonly param: string | null,
    readonly requestId: string | null,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Whether nothing answered, or only something before the gateway. */
  get isAway(): boolean {
    return this.status === 0 || this.code === 'NoAnswer'
  }
}

// Shown apart, where it can be copied.
const REQUEST_ID = / Request id: \w+$/

interface ErrorBody {
  error?: { code?: unknown; message?: unknown; param?: unknown }
}

/** Returns the error of an answer; `body` is its JSON, or undefined when it has none. */
export function errorOf(response: Response, body: unknown): ApiError {
  const error = (body as ErrorBody | undefined)?.error
  const requestId = response.headers.get('x-request-id')
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const seconds = Number.isFinite(retryAfter) ? retryAfter : null
  if (typeof error?.code !== 'string') {
    return new ApiError(response.status, 'NoAnswer', `HTTP ${response.status}`, null, requestId, seconds)
  }
  return new ApiError(
    response.status,
    error.code,
    typeof error.message === 'string' ? error.message.replace(REQUEST_ID, '') : error.code,
    typeof error.param === 'string' ? error.param : null,
    requestId,
    seconds,
  )
}

/** Returns whatever was thrown as an `ApiError`. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  return new ApiError(0, 'Unexpected', thrown instanceof Error ? thrown.message : String(thrown), null, null)
}
