import { fetchBlob } from '~/api/client'
import { saveFile } from './save-file'

/** Saves an answer of the API as a file. It is read whole before, so that an error is an error, and not a file. */
export async function download(path: string, mediaType: string, fileName: string): Promise<void> {
  saveFile(fileName, await fetchBlob(path, mediaType))
}
