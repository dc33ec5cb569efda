// A report page: a contact sheet of a bank's items, distributions, pairs that are much alike, and bans.
// What the data hold is described in report.py.  Pictures and texts are read when they come into sight, and cards stand
// in the document only near what is in sight, so that thousands of items stay quick.

const byId = (id) => document.getElementById(id)
const read = (id) => JSON.parse(byId(id).textContent)

const about = read('about')
const items = read('items')
const pairs = read('pairs')
const titles = new Map(about.questions.map(({ id, title }) => [id, title]))
const own = Array.from({ length: about.items }, (_, number) => number) // the others are shown in pairs only
const earlier = new Set(about.banned)

const CHUNK = 60 // cards, in whole rows of 1 to 6
const MOST_BARS = 12 // of keys in words
const DIGITS = new Intl.NumberFormat('en')

const form = byId('filters')
const dialog = byId('one')
const sheet = byId('sheet')
const views = ['items', 'distributions', 'alike']

let keys = false // shown
let view = viewAsked()
let shown = own
const banned = new Set() // here, by their numbers
let saved = true

// --- Small things ---

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

const content = (number) => read(`item-${number}`)
const nameOf = (item) => item.name || item.student
const counted = (count, what) => `${DIGITS.format(count)} ${what}${count === 1 ? '' : 's'}`
const expected = (item) => 100 / (1 + Math.exp(-item.difficulty)) // percent of right answers
const keyOf = (item) => item.keys.map((key, part) => (item.keys.length > 1 ? `${part + 1}) ${key}` : key)).join('; ')
const median = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2

// --- Which items are shown ---

const ORDERS = {
  clarity: (a, b) => a.clarity - b.clarity,
  hardest: (a, b) => a.difficulty - b.difficulty,
  easiest: (a, b) => b.difficulty - a.difficulty,
  student: (a, b) => nameOf(a).localeCompare(nameOf(b)) || a.student.localeCompare(b.student),
}

function filter() {
  const { question, student, word, least, most, order, banned: only } = form.elements
  const said = student.value.trim().toLocaleLowerCase()
  const low = least.value === '' ? -Infinity : Number(least.value)
  const high = most.value === '' ? Infinity : Number(most.value)
  shown = own.filter((number) => {
    const item = items[number]
    return (
      (!question.value || item.question === question.value) &&
      (!word.value || item.word === word.value) &&
      item.clarity >= low &&
      item.clarity <= high &&
      (!only?.checked || banned.has(number)) &&
      (!said || `${item.name}\n${item.student}`.toLocaleLowerCase().includes(said))
    )
  })
  const compare = ORDERS[order.value]
  if (compare) shown.sort((a, b) => compare(items[a], items[b]))
  byId('count').textContent =
    shown.length === own.length ? counted(own.length, 'item') : `${DIGITS.format(shown.length)} of ${counted(own.length, 'item')}`
  refresh()
}

function offerFilters() {
  const present = new Set(own.map((number) => items[number].question))
  for (const { id, title } of about.questions) {
    if (present.has(id)) form.elements.question.append(element('option', { value: id }, `${id}: ${title}`))
  }
  const words = new Map() // from easy to difficult
  for (const number of own) {
    const { word, difficulty } = items[number]
    words.set(word, Math.max(difficulty, words.get(word) ?? -Infinity))
  }
  for (const [word] of [...words].sort(([, a], [, b]) => b - a)) {
    form.elements.word.append(element('option', { value: word }, word))
  }
  const clarity = own.map((number) => items[number].clarity)
  const [low, high] = clarity.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity])
  form.elements.least.placeholder = low.toFixed(1)
  form.elements.most.placeholder = high.toFixed(1)
}

// --- Views ---

function refresh() {
  for (const one of views) byId(`${one}-view`).hidden = one !== view
  for (const link of document.querySelectorAll('.bar nav a')) {
    if (link.hash === `#${view}`) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
  if (view === 'items') layCards()
  if (view === 'distributions') plotDistributions()
  if (view === 'alike') layPairs()
}

function viewAsked() {
  const asked = location.hash.slice(1)
  return views.includes(asked) ? asked : 'items'
}

// --- The contact sheet ---

let chunks = []
const sight = new IntersectionObserver(
  (seen) => seen.forEach(({ target, isIntersecting }) => (isIntersecting ? fill(target) : empty(target))),
  { rootMargin: '1200px 0px' },
)

function layCards() {
  sight.disconnect()
  chunks = []
  for (let first = 0; first < shown.length; first += CHUNK) {
    const last = Math.min(first + CHUNK, shown.length)
    chunks.push(element('ul', { class: 'cards', 'data-first': first, 'aria-label': `Items ${first + 1} to ${last}` }))
  }
  sheet.replaceChildren(...(chunks.length ? chunks : [element('p', { class: 'none' }, 'No item is like that.')]))
  if (!chunks.length) return
  fill(chunks[0])
  keepHeights()
  chunks.forEach((chunk) => sight.observe(chunk))
}

const membersOf = (chunk) => shown.slice(Number(chunk.dataset.first), Number(chunk.dataset.first) + CHUNK)

function fill(chunk) {
  if (!chunk.children.length) chunk.replaceChildren(...membersOf(chunk).map(card))
}

function empty(chunk) {
  if (!chunk.contains(document.activeElement) && !matchMedia('print').matches) chunk.replaceChildren()
}

// All cards are equally high, so an empty chunk can keep the room that its cards will take.
function keepHeights() {
  const filled = chunks.find((chunk) => chunk.children.length)
  if (!filled || matchMedia('print').matches) return
  const { gridTemplateColumns, rowGap } = getComputedStyle(filled)
  const columns = gridTemplateColumns.split(' ').length
  const gap = parseFloat(rowGap)
  const row = filled.firstElementChild.getBoundingClientRect().height + gap
  for (const chunk of chunks) {
    chunk.style.minBlockSize = `${Math.ceil(membersOf(chunk).length / columns) * row - gap}px`
  }
}

function card(number) {
  const item = items[number]
  const lines = [
    element('span', { class: 'who' }, element('b', {}, nameOf(item)), element('span', {}, item.question)),
    element('span', { class: 'soft' }, element('span', {}, item.name ? item.student : ''), element('code', {}, short(item))),
    element('span', { class: 'soft' }, difficultyOf(item), element('span', {}, `clarity ${item.clarity.toFixed(1)}`)),
  ]
  if (keys) lines.push(element('span', { class: 'key' }, 'Key ', element('b', { title: keyOf(item) }, keyOf(item))))
  const button = element('button', { type: 'button', class: 'open' }, thumbnails(number), ...lines)
  button.addEventListener('click', () => open(number, shown))
  const made = element('li', { 'data-number': number }, button)
  markBanned(made, number)
  return made
}

const short = (item) => item.id.slice(item.question.length + 1, item.question.length + 9)
const difficultyOf = (item) => element('span', {}, `${item.word} ${expected(item).toFixed(0)}%`)

// The pictures of an item, or of several the one at `place`.  What they show is said where the item is opened.
function thumbnails(number, place) {
  const { pictures } = content(number)
  const some = place === undefined ? pictures : [pictures[place]]
  const images = some.map((src) => element('img', { src, alt: '', decoding: 'async' }))
  return element('span', { class: `sheet${images.length > 1 ? ' several' : ''}` }, ...images)
}

function markBanned(made, number) {
  made.classList.toggle('banned', banned.has(number))
  made.querySelector('.mark')?.remove()
  if (banned.has(number)) made.querySelector('.open').append(element('span', { class: 'mark' }, 'Banned'))
}

// --- Distributions ---

function plotDistributions() {
  const sections = about.questions.flatMap(({ id, title }) => {
    const some = shown.map((number) => items[number]).filter((item) => item.question === id)
    if (!some.length) return []
    const parts = some[0].keys.map((_, part) => {
      const name = some[0].keys.length > 1 ? `Key of part ${part + 1}` : 'Key'
      return keys ? distributionOfKeys(name, some.map((item) => item.keys[part])) : hiddenKeys(name)
    })
    return [
      element(
        'section', { class: 'question' },
        element('h2', {}, element('span', { class: 'eyebrow' }, `${id} · ${counted(some.length, 'item')}`), title),
        element(
          'div', { class: 'plots' },
          ...parts,
          histogram('Clarity', some.map((item) => item.clarity), {
            digits: 1, unit: 'distance of the key from the nearest wrong answer, in reading errors',
          }),
          histogram('Predicted difficulty', some.map(expected), {
            digits: 0, most: 100, unit: 'percent of students expected to be right',
          }),
        ),
      ),
    ]
  })
  const none = element('p', { class: 'none' }, 'No item is like that.')
  byId('distributions-view').replaceChildren(...(sections.length ? sections : [none]))
}

const hiddenKeys = (name) =>
  element('figure', {}, element('figcaption', {}, element('b', {}, name)), element('p', { class: 'none' }, 'Hidden until keys are shown.'))

function distributionOfKeys(name, texts) {
  const numbers = texts.map(Number)
  if (numbers.every(Number.isFinite)) {
    return histogram(name, numbers, { digits: Math.max(...texts.map((text) => (text.split('.')[1] ?? '').length)) })
  }
  const counts = new Map()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const ordered = [...counts].sort(([, a], [, b]) => b - a)
  const most = ordered[0][1]
  const caption = element('figcaption', {}, element('b', {}, name), ` ${ordered.length} different`)
  if (most === 1) return element('figure', {}, caption, element('p', { class: 'none' }, 'No two items share one.'))
  const bars = ordered.length > MOST_BARS ? ordered.slice(0, MOST_BARS - 1) : ordered
  const rest = ordered.slice(bars.length).reduce((sum, [, count]) => sum + count, 0)
  if (rest) bars.push([`${ordered.length - bars.length} others`, rest])
  const rows = bars.map(([text, count]) => {
    const bar = element('span', { class: 'bar-of' })
    bar.style.inlineSize = `${Math.min(100, (100 * count) / most)}%`
    const label = element('span', { title: text }, text)
    return element(
      'tr', {}, element('th', { scope: 'row' }, label), element('td', {}, bar), element('td', {}, DIGITS.format(count)),
    )
  })
  return element('figure', {}, caption, element('table', { class: 'counts' }, element('tbody', {}, ...rows)))
}

const STEPS = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((lead) => Number(`${lead}e${power}`)))
const [LEFT, RIGHT, TOP, BOTTOM] = [34, 302, 10, 104] // of the plot, in 320 x 128
const BINS = [12, 24] // fewer would make a mountain of what hardly differs

// Bars over bins of a round width, one unit of the last of the `digits` or more; bars of single values are centred on
// them.  Nothing is larger than `most`.
function histogram(name, numbers, { digits, most: end = Infinity, unit = '' }) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const [low, high] = [sorted[0], sorted.at(-1)]
  const finest = 10 ** -digits
  const width = STEPS.find((one) => one > 0.99 * finest && (high - low) / one < BINS[1]) ?? STEPS.at(-1)
  const single = numbers.every((x) => Math.abs(x / width - Math.round(x / width)) < 1e-6)
  const bin = (x) => Math.floor(x / width + (single ? 0.5 : 1e-9))
  const [first, last] = [bin(low), Math.min(bin(high), Math.ceil(end / width) - (single ? 0 : 1))]
  const counts = Array(last - first + 1).fill(0)
  for (const number of numbers) counts[Math.min(bin(number), last) - first] += 1
  const bins = Math.max(counts.length, BINS[0])
  const start = Math.min(first - Math.floor((bins - counts.length) / 2), Math.ceil(end / width) - bins + (single ? 1 : 0))
  const most = Math.max(...counts)

  const x = (place) => LEFT + ((place - start) / bins) * (RIGHT - LEFT)
  const y = (count) => BOTTOM - (count / most) * (BOTTOM - TOP)
  const said = (number, some = digits) => number.toFixed(some).replace('-', '\u2212')
  const bars = counts.flatMap((count, place) => {
    if (!count) return []
    const [begin, beyond] = [x(first + place) + 0.5, x(first + place + 1) - 0.5]
    const from = (first + place) * width
    const range = single ? said(from) : `${said(from)} to ${said(from + width)}`
    return drawn(
      'rect', { class: 'ink', x: begin, width: beyond - begin, y: y(count), height: BOTTOM - y(count) },
      drawn('title', {}, `${range}: ${counted(count, 'item')}`),
    )
  })
  const every = [1, 2, 5, 10].find((one) => bins / one <= 6)
  const places = Math.max(0, -Math.floor(Math.log10(every * width) + 1e-9))
  const ticks = []
  for (let place = Math.ceil(start / every) * every; place <= start + bins - (single ? 1 : 0); place += every) {
    const at = x(place + (single ? 0.5 : 0))
    ticks.push(
      drawn('line', { class: 'axis', x1: at, x2: at, y1: BOTTOM, y2: BOTTOM + 4 }),
      drawn('text', { x: at, y: BOTTOM + 16, 'text-anchor': 'middle' }, said(place * width, places)),
    )
  }
  const scale = [0, most].flatMap((count) => [
    drawn('line', { class: count ? 'grid' : 'axis', x1: LEFT, x2: RIGHT, y1: y(count), y2: y(count) }),
    drawn('text', { x: LEFT - 6, y: y(count) + 4, 'text-anchor': 'end' }, DIGITS.format(count)),
  ])
  const summary =
    said(low) === said(high) ? `all ${said(low)}` : `${said(low)} to ${said(high)}, median ${said(median(sorted))}`
  return element(
    'figure', {},
    element('figcaption', {}, element('b', {}, name), ` ${summary}`),
    drawn(
      'svg',
      { viewBox: '0 0 320 128', role: 'img', 'aria-label': `${name} of ${counted(numbers.length, 'item')}: ${summary}` },
      ...scale, ...bars, ...ticks,
    ),
    ...(unit ? [element('p', { class: 'unit' }, unit)] : []),
  )
}

// --- Pairs ---

function layPairs() {
  const some = new Set(shown)
  const visible = pairs.filter((pair) => pair.items.some((number) => some.has(number)))
  const sections = about.questions.flatMap(({ id, title }) => {
    const ofQuestion = visible.filter((pair) => pair.question === id)
    if (!ofQuestion.length) return []
    const list = [...new Set(ofQuestion.flatMap((pair) => pair.items))]
    return [
      element(
        'section', { class: 'question' },
        element('h2', {}, element('span', { class: 'eyebrow' }, `${id} · ${counted(ofQuestion.length, 'pair')}`), title),
        element('ul', { class: 'pairs' }, ...ofQuestion.map((pair) => pairOf(pair, list))),
      ),
    ]
  })
  const intro = element(
    'p', { class: 'intro' },
    'The pairs of different items whose pictures are most alike, question by question. The number says how far apart they are: 0 is the same picture, 1 has nothing in common.',
  )
  const none = element('p', { class: 'none' }, 'No pair is like that.')
  byId('alike-view').replaceChildren(intro, ...(sections.length ? sections : [none]))
}

function pairOf({ items: numbers, pictures, apart }, list) {
  const halves = numbers.map((number, side) => {
    const item = items[number]
    const button = element(
      'button', { type: 'button', class: 'open' },
      thumbnails(number, pictures[side]),
      element('span', { class: 'who' }, element('b', {}, nameOf(item)), element('code', {}, short(item))),
    )
    button.addEventListener('click', () => open(number, list))
    const made = element('div', { 'data-number': number }, button)
    markBanned(made, number)
    return made
  })
  return element('li', {}, ...halves, element('p', { class: 'apart' }, element('b', {}, apart.toFixed(3)), ' apart'))
}

// --- One item ---

let list = []
let current = 0

function open(number, among) {
  list = among
  current = number
  showOne()
  dialog.showModal()
}

function showOne() {
  const item = items[current]
  const { pictures, asked, answered } = content(current)
  const template = element('template')
  template.innerHTML = keys ? answered : asked // no script in it could run: the page's policy allows only this one
  for (const image of template.content.querySelectorAll('img')) {
    image.src = pictures[Number(atob(image.getAttribute('src').split(',')[1]))]
    if (about.whole) continue
    image.removeAttribute('width')
    image.removeAttribute('height')
  }
  for (const table of template.content.querySelectorAll('table')) {
    const frame = element('div', { class: 'scroll', role: 'group', tabindex: '0', 'aria-label': 'Table' })
    table.replaceWith(frame)
    frame.append(table)
  }
  byId('one-title').replaceChildren(
    element('span', { class: 'eyebrow' }, `${item.question} · ${titles.get(item.question)}`), nameOf(item),
  )
  byId('one-item').replaceChildren(template.content)
  const facts = [
    ...(item.name ? [['Student', item.student]] : []),
    ['Variant', element('code', {}, item.id)],
    ['Difficulty', `${item.word}: ${expected(item).toFixed(0)}% expected to be right`],
    ['Clarity', item.clarity.toFixed(2)],
    ...(item.table ? [['Besides', 'the data in a table']] : []),
  ]
  byId('one-facts').replaceChildren(
    ...facts.map(([term, said]) => element('div', {}, element('dt', {}, term), element('dd', {}, said))),
  )
  const place = list.indexOf(current)
  byId('one-place').textContent = `${DIGITS.format(place + 1)} of ${DIGITS.format(list.length)}`
  byId('previous').disabled = place <= 0
  byId('next').disabled = place >= list.length - 1
  byId('one-item').scrollTop = 0
  labelBan()
}

function step(by) {
  const next = list[list.indexOf(current) + by]
  if (next === undefined) return
  current = next
  showOne()
}

// The focus goes back to the item that was looked at last, wherever that is by now.
function closed() {
  if (view !== 'items') return document.querySelector(`#alike-view [data-number="${current}"] .open`)?.focus()
  const chunk = chunks[Math.floor(shown.indexOf(current) / CHUNK)]
  if (!chunk) return undefined
  fill(chunk)
  return chunk.querySelector(`[data-number="${current}"] .open`)?.focus()
}

function showKeys(on) {
  keys = on
  byId('keys').checked = byId('one-keys').checked = on
  refresh()
  if (dialog.open) showOne()
}

// --- Bans ---

function labelBan() {
  const button = byId('ban')
  if (!button) return
  const before = earlier.has(items[current].id)
  button.disabled = before
  button.textContent = before ? 'Banned before' : banned.has(current) ? 'Take ban back' : 'Ban this item'
}

function ban(numbers, on) {
  for (const number of numbers) {
    if (on) banned.add(number)
    else banned.delete(number)
    for (const made of document.querySelectorAll(`[data-number="${number}"]`)) markBanned(made, number)
  }
  saved = !banned.size
  byId('bans').hidden = !banned.size
  const before = earlier.size ? `, besides the ${DIGITS.format(earlier.size)} banned before` : ''
  byId('ban-count').textContent = `${counted(banned.size, 'item')} banned${before}.`
  if (dialog.open) labelBan()
}

// All that were ever banned, in the order in which they were.
function save() {
  const file = { plotbank: 'banned items', quiz: about.quiz, items: [...earlier, ...[...banned].map((number) => items[number].id)] }
  const url = URL.createObjectURL(new Blob([JSON.stringify(file, null, 2), '\n'], { type: 'application/json' }))
  element('a', { href: url, download: `${about.quiz}-banned.json` }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
  saved = true
}

// --- Paper ---

// Every card, with its pictures loaded, and no room kept: rows are of another height on paper.
async function prepareForPaper() {
  sight.disconnect()
  for (const chunk of chunks) {
    fill(chunk)
    chunk.style.minBlockSize = ''
  }
  await Promise.allSettled([...sheet.querySelectorAll('img')].map((image) => image.decode()))
}

function backFromPaper() {
  if (view !== 'items' || !chunks.length) return
  keepHeights()
  chunks.forEach((chunk) => sight.observe(chunk))
}

// --- What people do ---

form.addEventListener('input', filter)
form.addEventListener('reset', () => setTimeout(filter))
form.addEventListener('submit', (event) => event.preventDefault())
window.addEventListener('hashchange', () => {
  view = viewAsked()
  refresh()
})
for (const id of ['keys', 'one-keys']) byId(id).addEventListener('change', ({ target }) => showKeys(target.checked))
byId('close').addEventListener('click', () => dialog.close())
byId('previous').addEventListener('click', () => step(-1))
byId('next').addEventListener('click', () => step(1))
dialog.addEventListener('close', closed)
dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close())
dialog.addEventListener('keydown', (event) => {
  if (event.target.closest('.scroll')) return // where the arrows scroll
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
  if (by) step(by)
})
byId('ban')?.addEventListener('click', () => ban([current], !banned.has(current)))
byId('save')?.addEventListener('click', save)
byId('unban')?.addEventListener('click', () => ban([...banned], false))
byId('print').addEventListener('click', async () => {
  await prepareForPaper()
  print()
})
matchMedia('print').addEventListener('change', ({ matches }) => (matches ? prepareForPaper() : backFromPaper()))
window.addEventListener('beforeunload', (event) => saved || event.preventDefault())
new ResizeObserver(keepHeights).observe(sheet)

offerFilters()
filter()
