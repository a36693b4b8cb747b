import { fetchBlob } from '~/api/client'
import { saveFile } from './save-file'
import { toPresent } from './toast'

/**
 * Saves an answer of the API as a file, for the person who asked for it alone. It is read whole before, so that an
 * error is an error, and not a file.
 */
export async function download(path: string, mediaType: string, fileName: string): Promise<void> {
  const present = toPresent()
  const content = await fetchBlob(path, mediaType)
  if (present.isThere()) saveFile(fileName, content)
}
