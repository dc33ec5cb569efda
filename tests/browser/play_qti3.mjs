// Plays QTI 3.0 items in qti3-item-player (npm, MIT), as a candidate would.  One player takes every attempt, as where
// items of a test follow each other; after an attempt in which something went wrong, it is loaded anew.
//
// Request: {folder, attempts: [{item, answers, screenshot}]}.  `folder` holds unpacked packages; `item` is the path of
// an item in it.  `answers` says for each response identifier {type: text} | {tick: [choice, ...]} |
// {pair: [[source, target], ...]}.  `screenshot`, where there is one, begins the names of two pictures to write, of the
// item when it is answered and of the feedback.
// Answer: for each attempt {outcomes, text, labels, feedback, pictures, problems}: values of the outcome variables by
// identifier; the text of the body; those of options, prompts and answers; those of the feedback that is shown.
// The first attempt that cannot be made is the last, and has `problems` only.
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { picturesOf, serveRequests, withPage } from './browser.mjs'

const PACKAGES = fileURLToPath(new URL('node_modules/', import.meta.url))
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png', '.xml': 'text/xml' }
const LABELS = '.qti-choice-description, .matchtabular th'
const SESSION = {
  guid: 'attempt',
  status: 'interacting',
  sessionControl: { max_attempts: 0, show_feedback: true, validate_responses: false },
}

const PLAYER_PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Item</title>
<base href="/"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/npm/qti3-item-player/dist/qti3Player.css"><div id="app"></div>
<script src="/npm/vue/dist/vue.js"></script><script src="/npm/qti3-item-player/dist/qti3Player.umd.min.js"></script>
<script>
new Vue({
  el: '#app',
  components: { Qti3Player: qti3Player },
  methods: { keep: (name, value) => { window[name] = value } },
  template: \`<Qti3Player container-padding-class="qti3-player-container-padding-2" suppress-alert-messages
    @notifyQti3PlayerReady="keep('player', $event)" @notifyQti3ItemReady="keep('ready', $event)"
    @notifyQti3EndAttemptCompleted="keep('ended', $event)" />\`,
})
</script></html>`

/** Serves the player's page at /play, npm packages at /npm/ and `folders`, by number, at /0/, /1/, on this machine only. */
async function serve(folders) {
  const server = http.createServer((request, response) => {
    const [, root, ...rest] = decodeURIComponent(new URL(request.url, 'http://localhost').pathname).split('/')
    if (root === 'play') return response.setHeader('content-type', 'text/html').end(PLAYER_PAGE)
    const folder = root === 'npm' ? PACKAGES : folders[root] && path.join(folders[root], '/')
    const file = path.join(folder ?? '', ...rest)
    if (!folder || !file.startsWith(folder) || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
      return response.writeHead(404).end()
    }
    response.setHeader('content-type', TYPES[path.extname(file)] ?? 'application/octet-stream')
    if (root === 'npm') response.setHeader('cache-control', 'max-age=3600') // compiled once
    return fs.createReadStream(file).pipe(response)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** The element of the interaction that a response belongs to: they stand in the page in the order of the item. */
async function interactionOf(page, xml, response) {
  const [kind, place] = await page.evaluate(([xml, response]) => {
    const item = new DOMParser().parseFromString(xml, 'text/xml')
    const { localName } = item.querySelector(`qti-item-body [response-identifier="${response}"]`)
    const alike = [...item.querySelectorAll(`qti-item-body ${localName}`)]
    return [localName, alike.findIndex((one) => one.getAttribute('response-identifier') === response)]
  }, [xml, response])
  return page.locator(`.${kind}`).nth(place)
}

async function answerOne(interaction, { type, tick = [], pair = [] }) {
  if (type !== undefined) await interaction.locator('input').fill(type)
  for (const choice of tick) await interaction.locator(`[data-identifier="${choice}"]`).click()
  for (const [source, target] of pair) await interaction.locator(`[data-pair="${source} ${target}"]`).click()
}

/** The texts of all elements that a selector finds, as they are in the page. */
const texts = (page, selector) => page.locator(selector).evaluateAll((found) => found.map((one) => one.textContent))

/** The text of the body without any feedback, which stands in it hidden. */
const textOf = (page) => page.locator('.qti-item-body').evaluate((body) => {
  const copy = body.cloneNode(true)
  copy.querySelectorAll('.qti-feedback-block').forEach((one) => one.remove())
  return copy.textContent
})

async function load(page, origin) {
  await page.goto(`${origin}/play`)
  await page.waitForFunction(() => window.player)
}

/** Attempts an item of folder `number`.  (An item that equals the one before would not be shown anew.) */
async function play(page, number, { item, answers, screenshot }, problems) {
  const xml = fs.readFileSync(path.join(folders[number], item), 'utf8')
  await page.evaluate(([xml, base, session]) => {
    document.querySelector('base').setAttribute('href', base)
    window.ready = window.ended = undefined
    player.loadItemFromXml(xml, session)
  }, [`${xml}<!-- attempt ${++attempts} -->`, path.posix.join(`/${number}`, path.posix.dirname(item), '/'), SESSION])
  await page.waitForFunction(() => window.ready)
  const pictures = await picturesOf(page, problems)
  for (const [response, answer] of Object.entries(answers)) {
    await answerOne(await interactionOf(page, xml, response), answer)
  }
  const labels = await texts(page, LABELS)
  const text = await textOf(page)
  if (screenshot) await page.screenshot({ path: `${screenshot}.png`, fullPage: true })
  await page.evaluate(() => player.endAttempt('end'))
  await page.waitForFunction(() => window.ended)
  const outcomes = await page.evaluate(() =>
    Object.fromEntries(ended.state.outcomeVariables.map(({ identifier, value }) => [identifier, value])))
  const feedback = await texts(page, '.qti-feedback-block:not(.hidden)')
  if (screenshot) await page.screenshot({ path: `${screenshot}-feedback.png`, fullPage: true })
  return { outcomes, text, labels, feedback, pictures }
}

const folders = []
let attempts = 0
const server = await serve(folders)
const origin = `http://127.0.0.1:${server.address().port}`
let loaded = false
await serveRequests(async (browser, { folder, attempts }) => {
  const number = folders.push(folder) - 1
  const played = []
  const problems = []
  await withPage(browser, `${origin}/`, problems, async (page) => {
    for (const attempt of attempts) {
      if (!loaded) await load(page, origin)
      const seen = await play(page, number, attempt, problems)
        .catch((error) => problems.push(`cannot be played: ${error.message}`) && {})
      loaded = !problems.length
      played.push({ ...seen, problems: problems.splice(0) })
      if (!seen.outcomes) break
    }
  })
  return played
})
server.close()
