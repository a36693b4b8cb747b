import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { api } from '~/api/client'
import { Button, IconButton } from '~/ui/button'
import { CONTROL } from '~/ui/form/fields'
import { CloseIcon } from '~/ui/icons'
import { sayError } from '~/ui/toast'
import { AssetPicker } from './asset-picker'
import { Control } from './control'
import { REFERENCE_KINDS, type Reference, type ReferenceKind, ROLES } from './draft'

/** The pictures, videos and sounds of a create: by their addresses, as assets, or (pictures) uploaded. */
export function ReferenceFields({
  tenant,
  references,
  onChange,
  messageAt,
}: {
  tenant: typeof api
  references: readonly Reference[]
  onChange: (references: readonly Reference[]) => void
  messageAt: (name: string) => string | undefined
}) {
  const { t } = useTranslation('playground')
  const nextId = useRef(1)
  const fileInput = useRef<HTMLInputElement>(null)
  const add = (kind: ReferenceKind, values: Partial<Reference> = {}) => {
    const reference = { id: nextId.current, kind, role: ROLES[kind][0] ?? '', url: '', ...values }
    nextId.current += 1
    onChange([...references, reference])
  }
  const change = (id: number, values: Partial<Reference>) =>
    onChange(references.map((each) => (each.id === id ? { ...each, ...values } : each)))
  const upload = async (file: File | undefined) => {
    if (!file) return
    try {
      add('image', { url: await dataUriOf(file), fileName: file.name })
    } catch (thrown) {
      sayError(thrown)
    }
  }

  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium">{t('references.title')}</legend>
      {references.map((reference) => (
        <ReferenceRow
          key={reference.id}
          reference={reference}
          message={messageAt(`reference ${reference.id}`)}
          onChange={(values) => change(reference.id, values)}
          onRemove={() => onChange(references.filter((each) => each.id !== reference.id))}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        {REFERENCE_KINDS.map((kind) => (
          <Button key={kind} onClick={() => add(kind)}>
            {t(`references.add.${kind}`)}
          </Button>
        ))}
        <Button onClick={() => fileInput.current?.click()}>{t('references.upload')}</Button>
        <input
          ref={fileInput}
          type="file"
          accept="image/*"
          hidden
          aria-label={t('references.upload')}
          onChange={(event) => {
            void upload(event.target.files?.[0])
            event.target.value = ''
          }}
        />
        <AssetPicker tenant={tenant} onPick={(kind, id) => add(kind, { url: `asset://${id}` })} />
      </div>
    </fieldset>
  )
}

function ReferenceRow({
  reference,
  message,
  onChange,
  onRemove,
}: {
  reference: Reference
  message: string | undefined
  onChange: (values: Partial<Reference>) => void
  onRemove: () => void
}) {
  const { t } = useTranslation('playground')
  const { kind, role, url, fileName } = reference
  return (
    <div className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <Control label={t(`references.kind.${kind}`)} message={message}>
          {(attributes) =>
            fileName === undefined ? (
              <input
                {...attributes}
                value={url}
                placeholder={t('references.placeholder')}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => onChange({ url: event.target.value })}
                className={`${CONTROL} font-mono text-xs`}
              />
            ) : (
              <span className="flex items-center gap-2 rounded border border-line bg-canvas px-2 py-1">
                <img src={url} alt="" className="size-8 rounded object-cover" />
                <span className="truncate">{fileName}</span>
                <input {...attributes} type="hidden" />
              </span>
            )
          }
        </Control>
      </div>
      {ROLES[kind].length > 1 && (
        <select
          aria-label={t('references.role')}
          value={role}
          onChange={(event) => onChange({ role: event.target.value })}
          className="rounded border border-line bg-canvas px-2 py-1.5"
        >
          {ROLES[kind].map((name) => (
            <option key={name} value={name}>
              {name === '' ? t('references.noRole') : name}
            </option>
          ))}
        </select>
      )}
      <IconButton label={t('references.remove')} className="my-1" onClick={onRemove}>
        <CloseIcon />
      </IconButton>
    </div>
  )
}

function dataUriOf(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error ?? new Error(file.name))
    reader.readAsDataURL(file)
  })
}
