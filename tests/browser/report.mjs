// Works a report page as an instructor would, from the disk.
//
// Request: {page, width, height, dark, steps: [...]}.  A step is one of
//   {press: name}             presses the button or link of this name
//   {tick: label}             ticks or unticks a box
//   {fill: name, with: text}  writes into the filter of this name, or chooses an option
//   {keys: [key, ...]}        presses keys, wherever the focus is
//   {focus: selector}         puts the focus there
//   {until: script}           waits until an expression is true in the page
//   {paper: true or false}    lays the page out for print, or for the screen
//   {scroll: true}            scrolls to the end
//   {save: name}              presses the button of this name, and says what file the page writes
//   {judge: true}             lets axe-core judge the page
//   {screenshot: path}        takes a picture of what is in sight; {whole: true} of all of the page
//   {pdf: path}               prints
//   {ask: script}             says what an expression is in the page
//   {look: true}              says what the page shows
// Answer: {steps: [...], problems: [...]}: what each of the last of these found, and whatever went wrong in the page.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { serveRequests, withPage } from './browser.mjs'

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What the page shows: texts as a person reads them. */
const look = (page) =>
  page.evaluate(async () => {
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility())
    const texts = (selector) => seen(selector).map((one) => one.innerText.replace(/\s+/g, ' ').trim())
    const images = seen('main img, dialog[open] img')
    await Promise.allSettled(images.map((image) => image.decode()))
    const overflowing = seen('main *, header *, dialog[open] *').filter(
      (one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !one.closest('.scroll'),
    )
    return {
      heading: document.querySelector('h1').innerText,
      count: document.getElementById('count').innerText,
      views: texts('.bar nav a[aria-current]'),
      cards: texts('.cards li'),
      keys: texts('.cards .key b'),
      plots: seen('figure svg').map((one) => one.getAttribute('aria-label')),
      bars: seen('figure svg').map((one) => [...one.querySelectorAll('rect title')].map((title) => title.textContent)),
      figures: texts('figure'),
      pairs: texts('.pairs li'),
      bans: texts('#bans'),
      dialog: texts('dialog[open]').join(' '),
      focus: document.activeElement.innerText?.trim().split('\n')[0] ?? '',
      broken: images.filter((image) => !image.naturalWidth).length,
      wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
      overflowing: overflowing.map((one) => one.outerHTML.slice(0, 120)),
    }
  })

async function judge(page) {
  await page.evaluate(AXE) // not as a script element, which the page's policy would block
  const { violations } = await page.evaluate(() => window.axe.run())
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary}`))
}

async function save(page, name) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name, exact: true }).click(),
  ])
  return { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8') }
}

async function take(page, step) {
  const dialog = page.locator('dialog[open]')
  const scope = (await dialog.count()) ? dialog : page
  if ('press' in step) {
    const named = { name: step.press, exact: step.exact ?? true }
    return scope.getByRole('button', named).or(scope.getByRole('link', named)).first().click()
  }
  if ('tick' in step) return scope.getByLabel(step.tick, { exact: true }).first().click()
  if ('fill' in step) {
    const field = page.locator(`#filters [name=${step.fill}]`)
    const select = (await field.evaluate((one) => one.tagName)) === 'SELECT'
    return select ? void (await field.selectOption(step.with)) : field.fill(step.with)
  }
  if ('keys' in step) {
    for (const key of step.keys) await page.keyboard.press(key)
    return undefined
  }
  if ('focus' in step) return page.locator(step.focus).focus()
  if ('until' in step) return void (await page.waitForFunction(step.until))
  if ('paper' in step) return page.emulateMedia({ media: step.paper ? 'print' : 'screen' })
  if ('scroll' in step) {
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    return page.waitForFunction(() => document.querySelector('.cards:last-child')?.children.length).then(() => undefined)
  }
  if ('save' in step) return save(page, step.save)
  if ('judge' in step) return judge(page)
  if ('screenshot' in step) {
    await look(page) // which waits for pictures
    await page.screenshot({ path: step.screenshot, fullPage: step.whole ?? false })
    return undefined
  }
  if ('pdf' in step) {
    await page.pdf({ path: step.pdf, preferCSSPageSize: true, format: 'A4' })
    return undefined
  }
  if ('ask' in step) return page.evaluate(step.ask)
  return look(page)
}

await serveRequests(async (browser, { page: path, width, height, dark, steps }) => {
  const url = pathToFileURL(path).href
  const [found, problems] = [[], []]
  await withPage(browser, url, problems, async (page) => {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ media: 'screen', colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await page.goto('about:blank') // for where the last one left the page may differ from `url` in its end only
    await page.goto(url)
    for (const step of steps) found.push((await take(page, step)) ?? null)
  })
  return { steps: found, problems }
})
