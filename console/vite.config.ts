import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const gateway = process.env.SEEDGATE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/console/',
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../app/console/static',
    emptyOutDir: true,
    // Not "assets", which is the address of a page.
    assetsDir: 'files',
    // The policy permits no data: URL but for media.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
  },
  server: {
    proxy: Object.fromEntries(
      ['/admin', '/api', '/v1', '/console/session', '/healthz'].map((path) => [path, gateway]),
    ),
  },
  test: { include: ['src/**/*.test.ts'] },
})
