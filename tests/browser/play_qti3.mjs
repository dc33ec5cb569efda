// Plays QTI 3.0 items in qti3-item-player (npm, MIT), as a candidate would; every attempt loads it anew.
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

const playerPage = (base) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Item</title>
<base href="${base}"><link rel="icon" href="data:,">
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

/** Serves the player's page at /play/..., npm packages at /npm/ and the folder at /items/, on this machine only. */
async function serve(folder) {
  const roots = { npm: PACKAGES, items: path.join(folder, '/') }
  const server = http.createServer((request, response) => {
    const [, root, ...rest] = decodeURIComponent(new URL(request.url, 'http://localhost').pathname).split('/')
    if (root === 'play') {
      response.setHeader('content-type', 'text/html')
      return response.end(playerPage(path.posix.join('/items', path.posix.dirname(rest.join('/')), '/')))
    }
    const file = path.join(roots[root] ?? '', ...rest)
    if (!roots[root] || !file.startsWith(roots[root]) || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
      return response.writeHead(404).end()
    }
    response.setHeader('content-type', TYPES[path.extname(file)] ?? 'application/octet-stream')
    if (root === 'npm') response.setHeader('cache-control', 'max-age=3600') // compiled once for all attempts on an item
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

async function play(page, origin, folder, { item, answers, screenshot }, problems) {
  const xml = fs.readFileSync(path.join(folder, item), 'utf8')
  await page.goto(`${origin}/play/${item}`)
  await page.waitForFunction(() => window.player)
  await page.evaluate(([xml, session]) => player.loadItemFromXml(xml, session), [xml, SESSION])
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

await serveRequests(async (browser, { folder, attempts }) => {
  const server = await serve(folder)
  const origin = `http://127.0.0.1:${server.address().port}`
  const played = []
  const problems = []
  await withPage(browser, `${origin}/`, problems, async (page) => {
    for (const attempt of attempts) {
      const seen = await play(page, origin, folder, attempt, problems)
        .catch((error) => problems.push(`cannot be played: ${error.message}`) && {})
      played.push({ ...seen, problems: problems.splice(0) })
      if (!seen.outcomes) break
    }
  })
  server.close()
  return played
})
