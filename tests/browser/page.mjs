// Works a practice page as a student would, from the disk.
//
// Request: {page, width, height, dark, steps: [...]}.  A step is one of
//   {answer: {...}, question}    type: text | choose: [place, ...] | select: [place or null, ...] | parts: [answer, ...]
//   {press: name, question}      presses the button of this name, in a question or on the page
//   {keys: [key, ...]}           presses keys, wherever the focus is; {text} among them types
//   {judge: true}                lets axe-core judge the page
//   {screenshot: path, question} takes a picture of the page, or of one question
//   {look: question}             says what the question shows
// `question` counts from 0.
// Answer: {steps: [...], problems: [...]}: what each `judge` and `look` found, and whatever went wrong in the page.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { picturesOf, serveRequests, withPage } from './browser.mjs'

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

async function answer(scope, given) {
  if ('type' in given) return scope.locator('input[type=text]').fill(given.type)
  if ('choose' in given) {
    const boxes = await scope.locator('input[type=radio], input[type=checkbox]').all()
    for (const [place, box] of boxes.entries()) {
      if (given.choose.includes(place)) await box.check()
      else if ((await box.getAttribute('type')) === 'checkbox') await box.uncheck()
    }
    return undefined
  }
  if ('select' in given) {
    const selects = await scope.locator('select').all()
    for (const [place, select] of selects.entries()) await select.selectOption(String(given.select[place] ?? ''))
    return undefined
  }
  for (const [place, part] of given.parts.entries()) if (part) await answer(scope.locator('.part').nth(place), part)
  return undefined
}

/** What a question shows: texts as a person reads them. */
function look(section) {
  return section.evaluate((node) => {
    const texts = (selector) => [...node.querySelectorAll(selector)].map((one) => one.innerText.trim())
    return {
      title: node.querySelector('h2').innerText,
      worth: node.querySelector('.points').innerText,
      stem: node.querySelector('.stem').innerText,
      variant: node.querySelector('.variant').innerText,
      verdict: texts('.verdict').join(' '),
      result: node.querySelector('.result').innerText,
      errors: texts('.error').filter(Boolean),
      badges: texts('.badge'),
      parts: texts('.part > .badge'),
      said: texts('.said'),
      buttons: [...node.querySelectorAll('button')].filter((one) => one.offsetParent).map((one) => one.innerText),
      typed: [...node.querySelectorAll('input[type=text]')].map((one) => one.value),
      score: document.getElementById('score').innerText.replace(/\s+/g, ' '),
      focus: document.activeElement.closest('section') === node ? document.activeElement.tagName : '',
      described: [...node.querySelectorAll('img[aria-describedby]')].map(
        (image) => document.getElementById(image.getAttribute('aria-describedby')).textContent,
      ),
      heading: document.querySelector('h1').innerText,
      text: node.innerText,
      wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    }
  })
}

async function judge(page) {
  await page.evaluate(AXE) // not as a script element, which the page's policy would block
  const { violations } = await page.evaluate(() => window.axe.run())
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary}`))
}

async function take(page, step) {
  const section = page.locator('section.question').nth(step.question ?? step.look ?? 0)
  const scope = 'question' in step ? section : page
  if ('answer' in step) return answer(section, step.answer)
  if ('press' in step) return scope.getByRole('button', { name: step.press, exact: true }).click()
  if ('judge' in step) return judge(page)
  if ('screenshot' in step) {
    await picturesOf(page) // which waits for them
    await page.evaluate(() => window.scrollTo(0, 0)) // what sticks to the top belongs there
    if ('question' in step) await section.screenshot({ path: step.screenshot })
    else await page.screenshot({ path: step.screenshot, fullPage: true })
    return undefined
  }
  if ('look' in step) return { ...(await look(section)), pictures: await picturesOf(page) }
  for (const key of step.keys) await (key.text ? page.keyboard.type(key.text) : page.keyboard.press(key))
  return undefined
}

await serveRequests(async (browser, { page: path, width, height, dark, steps }) => {
  const url = pathToFileURL(path).href
  const [found, problems] = [[], []]
  await withPage(browser, url, problems, async (page) => {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await page.goto(url)
    for (const step of steps) found.push((await take(page, step)) ?? null)
  })
  return { steps: found, problems }
})
