import { type Query, useMutation, useQueryClient } from '@tanstack/react-query'
import { sayingErrors, toPresent } from './toast'

/**
 * Returns what sends a change: it reads anew what the change touches, and says that it was done. Errors are thrown: an
 * `ApiForm` or a `ConfirmByTyping` shows them.
 *
 * @param act does it.
 * @param changed the first parts of the keys of the queries whose answers change.
 * @param done what is said afterwards.
 * @param deleted the id of the row that `act` deletes. Its drawer is open until then, and must not read it meanwhile
 *   or again.
 */
export function useSend<Value = void, Result = unknown>(
  act: (value: Value) => Promise<Result>,
  changed: readonly string[],
  done?: string,
  deleted?: string,
): (value: Value) => Promise<Result> {
  const queries = useQueryClient()
  const isOfDeleted = (query: Query) => deleted !== undefined && query.queryKey.includes(deleted)
  return async (value) => {
    const present = toPresent()
    if (deleted) await queries.cancelQueries({ predicate: isOfDeleted })
    const result = await act(value)
    if (done) present.say(done)
    // Not waited for: what was changed is done, whether or not it can be read.
    if (deleted) void queries.cancelQueries({ predicate: isOfDeleted })
    for (const name of changed) {
      void queries.invalidateQueries({ queryKey: [name], predicate: (query) => !isOfDeleted(query) })
    }
    return result
  }
}

/** Like `useSend`, for one click: an error is said in a corner, and `isPending` shows that it is under way. */
export function useAct<Value = void, Result = unknown>(
  act: (value: Value) => Promise<Result>,
  changed: readonly string[],
  done?: string,
) {
  return useMutation<Result, unknown, Value, ReturnType<typeof toPresent>>({
    mutationFn: useSend(act, changed, done),
    ...sayingErrors,
  })
}
