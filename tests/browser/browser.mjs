// What the drivers share: one browser, requests and answers as lines of JSON, and pages that reach nothing outside.
import readline from 'node:readline'
import { chromium } from 'playwright-core'

const STEP_MS = 20_000

/** Answers every line of stdin with a line of what `answer(browser, request)` returns; both are JSON. */
export async function serveRequests(answer) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  })
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(browser, JSON.parse(line))) + '\n')
  }
  await browser.close()
}

let page // one for all requests: each window that is opened costs a second
const watched = { origin: '', problems: [] }

async function opened(browser) {
  const asked = (url) => {
    const { origin, problems } = watched
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) problems.push(`asks for something outside: ${url}`)
  }
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } })
  context.setDefaultTimeout(STEP_MS)
  const page = await context.newPage()
  page.on('request', (request) => asked(request.url()))
  page.on('websocket', (socket) => asked(socket.url()))
  page.on('pageerror', (error) => watched.problems.push(`script error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') watched.problems.push(`console: ${message.text()} (${message.location().url})`)
  })
  return page
}

/**
 * Hands the only page to `work(page)`, as the work before left it.
 *
 * Whatever goes wrong in it is added to `problems`: script errors, failed requests, and requests to anywhere but what
 * starts with `origin`.  (The browser resolves no name and reaches no address but 127.0.0.1.)
 */
export async function withPage(browser, origin, problems, work) {
  page ??= await opened(browser)
  Object.assign(watched, { origin, problems })
  return work(page)
}

/** The pictures that the page shows, once they are loaded: `src`, `alt` and width in pixels; adds what is wrong. */
export async function picturesOf(page, problems = []) {
  const pictures = await page.evaluate(async () => {
    const images = [...document.images]
    await Promise.allSettled(images.map((image) => image.decode()))
    return images.map((image) => ({ src: image.getAttribute('src'), alt: image.alt, width: image.naturalWidth }))
  })
  for (const { src, alt, width } of pictures) {
    if (!width) problems.push(`a picture did not load: ${src}`)
    if (!alt) problems.push(`a picture without alternative text: ${src}`)
  }
  return pictures
}
