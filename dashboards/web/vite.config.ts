/** How the board is built: one page, one script, one worker, and a policy that lets no request leave the machine. */
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { double } from './dev/double.ts'

// The gateway sends the same policy as a header, with frame-ancestors, which a meta element cannot carry.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:", // data: the icons in MapLibre's style sheet; blob: its images
  "connect-src 'self'", // covers the live socket of the same host (CSP level 3)
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** Only in the build: the development server puts inline styles into the page. */
function policy(): Plugin {
  return {
    name: 'sigap-policy',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' },
    ],
  }
}

const gateway = process.env['SIGAP_GATEWAY'] ?? 'http://127.0.0.1:8080'
const withDouble = process.env['SIGAP_DOUBLE'] === '1'

export default defineConfig({
  base: './',
  plugins: [svelte(), policy(), ...(withDouble ? [double()] : [])],
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200, // kB; MapLibre is one indivisible module
    rolldownOptions: { checks: { bundlerTimings: false } }, // a slow machine is no warning
  },
  server: {
    host: '127.0.0.1',
    ...(withDouble ? {} : { proxy: { '/api': { target: gateway, ws: true } } }),
  },
  preview: { host: '127.0.0.1' },
  test: { include: ['test/**/*.test.ts'] },
})
