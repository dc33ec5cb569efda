// A practice page: shows one variant of every question at a time, marks answers, keeps the score.
// What the items hold, and how their keys are sealed, is described in practice.py.

const { words, decimal } = JSON.parse(document.getElementById('settings').textContent)
const group = decimal === ',' ? '.' : ','
const WHOLE = 1 - 1e-9 // shares such as three thirds do not quite add up to 1

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name])

// Decimal text as a reader of the page's language writes it.
const written = (number) => String(number).replace('-', '\u2212').replace('.', decimal)

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)
const points = (number) => written(Math.round(number * 100) / 100)

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

// HTML from the bank.  No script in it could run: the page's policy allows only this one.
function prose(tag, html, attributes = {}) {
  const made = element(tag, { dir: 'auto', ...attributes })
  made.innerHTML = html
  for (const table of made.querySelectorAll('table')) {
    const frame = element('div', { class: 'scroll', role: 'group', tabindex: '0', 'aria-label': words.table })
    table.replaceWith(frame)
    frame.append(table)
  }
  return made
}

// The key and the feedback of an item; undoes what `_sealed` in practice.py does.
function unsealed(sealed, id) {
  let state = 0x811c9dc5
  for (const sign of id) state = Math.imul(state ^ sign.charCodeAt(0), 0x01000193)
  state |= 1
  const bytes = Uint8Array.from(atob(sealed), (sign) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return sign.charCodeAt(0) ^ (state & 0xff)
  })
  return JSON.parse(new TextDecoder().decode(bytes))
}

// The number that a text says: NaN where it says none, and null where it could say two ("1.234" in German).
function readNumber(text) {
  const plain = text.replace(/[\s'\u2019]/g, '').replace(/[\u2010-\u2013\u2212\ufe63\uff0d]/g, '-')
  const grouped = new RegExp(`^[-+]?[1-9]\\d{0,2}(\\${group}\\d{3})+(\\${decimal}\\d*)?$`).test(plain)
  const marks = plain.match(/[.,]/g) ?? []
  if (grouped && marks.length === 1) return null
  const digits = (grouped ? plain.split(group).join('') : plain).replace(',', '.')
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(digits) ? Number(digits) : NaN
}

// --- Pictures ---

// The picture itself, and below it, where there is a long description, a button that shows it.
function pictured(picture, id) {
  const image = element('img', {
    src: picture.src, alt: picture.alt, width: picture.width, height: picture.height, decoding: 'async',
  })
  if (!picture.description) return { image, more: [] }
  const text = element('p', { id, dir: 'auto', class: 'description', hidden: '' }, picture.description)
  const button = element(
    'button', { type: 'button', class: 'more', 'aria-expanded': 'false', 'aria-controls': id }, words.description,
  )
  button.addEventListener('click', () => {
    text.hidden = !text.hidden
    button.setAttribute('aria-expanded', String(!text.hidden))
  })
  image.setAttribute('aria-describedby', id)
  return { image, more: [button, text] }
}

function figure(picture, id) {
  const { image, more } = pictured(picture, id)
  const caption = picture.caption ? [element('figcaption', { dir: 'auto' }, picture.caption)] : []
  return element('figure', {}, ...caption, element('div', { class: 'sheet' }, image), ...more)
}

// --- Marks: what is shown beside an answer, in words as well as in colour ---

function mark(node, verdict, text) {
  clear(node)
  node.dataset.mark = verdict
  node.append(element('span', { class: 'badge', 'data-mark': verdict }, text))
}

function clear(node) {
  delete node.dataset.mark
  for (const shown of node.querySelectorAll(':scope > .badge, :scope > .said')) shown.remove()
}

function verdictOf(share) {
  if (share > WHOLE) return ['right', words.right]
  if (share > 0) return ['partly', fill(words.partly, { percent: Math.round(100 * share) })]
  return ['wrong', words.wrong]
}

// --- Controls: what takes an answer ---
//
// node      what is shown
// blank()   whether nothing was answered
// problem() what is wrong with how the answer is written, or nothing; the field says so
// grade(key)  the share of the mark that the answer earns, and marks beside it
// reveal(key) shows the right answer
// clear()   takes away everything that grade() and problem() showed

function numberControl(id) {
  const error = element('p', { class: 'error', id: `${id}-error` })
  const input = element('input', {
    id, type: 'text', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': error.id,
  })
  const node = element(
    'div', { class: 'field' }, element('label', { for: id }, words.answer), input, error,
  )
  return {
    node,
    blank: () => !input.value.trim(),
    problem() {
      const text = input.value.trim()
      const number = text ? readNumber(text) : 0
      if (Number.isFinite(number)) return ''
      const message = number === null ? words.unclear : words.not_a_number
      error.textContent = fill(message, { text, example: written('0.5') })
      input.setAttribute('aria-invalid', 'true')
      return error.textContent
    },
    grade(key) {
      const number = readNumber(input.value)
      const band = key.bands.find(([low, high]) => number >= Number(low) && number <= Number(high))
      return band ? band[2] : 0
    },
    reveal: (key) => node.append(element('p', { class: 'said' }, fill(words.solution, { answer: written(key.value) }))),
    clear() {
      clear(node)
      error.textContent = ''
      input.removeAttribute('aria-invalid')
    },
  }
}

// One of the options, or several of them; `keyOf` gives {correct: places, feedback: texts} of the item's key.
function optionsControl(id, options, several, keyOf = (key) => key) {
  const rows = options.map((option, place) => {
    const input = element('input', { type: several ? 'checkbox' : 'radio', name: id, value: place })
    const label = element('label', {}, input, prose('span', option.text, { class: 'text' }))
    const row = element('div', { class: 'option' }, label)
    if (option.picture) {
      const { image, more } = pictured(option.picture, `${id}-description-${place}`)
      label.append(element('span', { class: 'sheet' }, image))
      row.append(...more)
    }
    return { input, row }
  })
  const legend = element('legend', {}, several ? words.choose_several : words.choose_one)
  const look = options.some((option) => option.picture) ? 'options pictured' : 'options'
  const chosen = () => rows.flatMap(({ input }, place) => (input.checked ? [place] : []))
  return {
    node: element('fieldset', { class: look }, legend, ...rows.map(({ row }) => row)),
    blank: () => !chosen().length,
    problem: () => '',
    grade(key) {
      const { correct, feedback } = keyOf(key)
      for (const place of chosen()) {
        mark(rows[place].row, ...verdictOf(correct.includes(place) ? 1 : 0))
        if (feedback[place]) rows[place].row.append(prose('div', feedback[place], { class: 'said' }))
      }
      const right = chosen().filter((place) => correct.includes(place)).length
      const wrong = chosen().length - right
      // All wrong options together cost the whole mark, so that ticking everything earns nothing.
      const cost = wrong && wrong / (options.length - correct.length)
      return several ? Math.max(0, right / correct.length - cost) : right
    },
    reveal(key) {
      for (const place of keyOf(key).correct) mark(rows[place].row, 'right', words.key)
    },
    clear: () => rows.forEach(({ row }) => clear(row)),
  }
}

const truthControl = (id) =>
  optionsControl(id, [{ text: words.true }, { text: words.false }], false, (key) => ({
    correct: [key.truth ? 0 : 1],
    feedback: [key.if_true, key.if_false],
  }))

function matchingControl(id, { prompts, answers }) {
  const rows = prompts.map((prompt, place) => {
    const options = answers.map((answer, number) => element('option', { value: number }, answer))
    const select = element(
      'select', { id: `${id}-${place}`, dir: 'auto' }, element('option', { value: '' }, words.select), ...options,
    )
    const row = element('div', { class: 'pair' }, prose('label', prompt, { for: select.id }), select)
    return { select, row }
  })
  return {
    node: element('fieldset', { class: 'pairs' }, element('legend', {}, words.match), ...rows.map(({ row }) => row)),
    blank: () => rows.every(({ select }) => !select.value),
    problem: () => '',
    grade({ pairs }) {
      const shares = rows.map(({ select, row }, place) => {
        const share = select.value === String(pairs[place]) ? 1 : 0
        mark(row, ...(select.value ? verdictOf(share) : ['blank', words.blank]))
        return share
      })
      return sum(shares) / rows.length
    },
    reveal({ pairs }) {
      rows.forEach(({ row }, place) => {
        const answer = fill(words.solution, { answer: answers[pairs[place]] })
        row.append(element('p', { class: 'said', dir: 'auto' }, answer))
      })
    },
    clear: () => rows.forEach(({ row }) => clear(row)),
  }
}

function partsControl(id, { parts }) {
  const rows = parts.map((part, place) => {
    const control = controlOf(`${id}-${place + 1}`, part.answer)
    const legend = element('legend', {}, fill(words.part, { number: place + 1 }))
    const node = element('fieldset', { class: 'part' }, legend, prose('div', part.stem), control.node)
    return { node, control, share: part.share }
  })
  return {
    node: element('div', { class: 'parts' }, ...rows.map(({ node }) => node)),
    blank: () => rows.every(({ control }) => control.blank()),
    problem: () => rows.map(({ control }) => control.problem()).find(Boolean) ?? '',
    grade: (key) =>
      sum(
        rows.map(({ node, control, share }, place) => {
          const earned = control.blank() ? 0 : control.grade(key.parts[place])
          mark(node, ...(control.blank() ? ['blank', words.blank] : verdictOf(earned)))
          return share * earned
        }),
      ),
    reveal: (key) => rows.forEach(({ control }, place) => control.reveal(key.parts[place])),
    clear() {
      for (const { node, control } of rows) {
        clear(node)
        control.clear()
      }
    },
  }
}

function controlOf(id, answer) {
  switch (answer.type) {
    case 'number': return numberControl(id)
    case 'choice': return optionsControl(id, answer.options, false)
    case 'multiple': return optionsControl(id, answer.options, true)
    case 'truth': return truthControl(id)
    case 'matching': return matchingControl(id, answer)
    case 'parts': return partsControl(id, answer)
    default: throw new Error(`no control takes an answer of the type ${answer.type}`)
  }
}

// --- Questions ---

// A question counts what the last answer that was checked has earned.
function question(section) {
  const scripts = [...section.querySelectorAll('script.item')]
  const [form, worth, stem, pictures, answer, check, show, variant, result] = [
    'form', '.points', '.stem', '.pictures', '.answer', '.check', '.show', '.variant', '.result',
  ].map((name) => section.querySelector(name))
  const state = { points: 0, earned: 0, checked: false }
  let place, item, control

  function open(next) {
    place = next
    item = JSON.parse(scripts[place].textContent)
    control = controlOf(`${section.id}-answer`, item.answer)
    state.points = Number(item.points)
    worth.textContent = fill(words.points, { points: written(item.points) })
    variant.textContent = fill(words.variant, { number: place + 1, count: scripts.length })
    stem.replaceChildren(...prose('div', item.stem).childNodes)
    pictures.replaceChildren(
      ...item.pictures.map((picture, number) => figure(picture, `${section.id}-description-${number}`)),
    )
    answer.replaceChildren(control.node)
    forget()
    form.classList.remove('finished')
    check.hidden = false
    show.hidden = true
  }

  // An answer that is changed is no longer the one that was checked.
  function forget() {
    control.clear()
    result.replaceChildren()
  }

  function say(verdict, text, ...more) {
    result.replaceChildren(element('p', { class: 'verdict', 'data-mark': verdict }, text), ...more)
  }

  const told = (...texts) => texts.filter(Boolean).map((html) => prose('div', html))

  function grade() {
    forget()
    if (control.problem()) return form.querySelector('[aria-invalid]').focus()
    if (control.blank()) return say('blank', words.missing)
    const { key, feedback, if_correct: ifCorrect, if_incorrect: ifIncorrect } = unsealed(item.sealed, scripts[place].id)
    const share = Math.min(1, control.grade(key))
    const whole = share > WHOLE
    const [verdict, text] = verdictOf(share)
    state.earned = share * state.points
    state.checked = true
    const earned = fill(words.score, { earned: points(state.earned), total: points(state.points) })
    say(verdict, `${text}. ${earned}`, ...(whole ? told(ifCorrect, feedback) : told(ifIncorrect)))
    show.hidden = whole
    form.classList.toggle('finished', whole)
    showScore()
  }

  function reveal() {
    const { key, feedback } = unsealed(item.sealed, scripts[place].id)
    control.clear()
    control.reveal(key)
    for (const field of answer.querySelectorAll('input, select')) field.disabled = true
    result.replaceChildren(...told(feedback))
    check.hidden = show.hidden = true
    form.classList.add('finished')
    answer.scrollIntoView({ block: 'nearest' })
    result.focus({ preventScroll: true })
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!check.hidden) grade()
  })
  form.addEventListener('input', forget)
  show.addEventListener('click', reveal)
  section.querySelector('.another').addEventListener('click', () => {
    open((place + 1) % scripts.length)
    section.querySelector('h2').focus()
  })
  section.querySelector('.next').hidden = scripts.length === 1
  open(0)
  state.reset = () => {
    state.earned = 0
    state.checked = false
    open(0)
  }
  return state
}

const questions = [...document.querySelectorAll('section.question')].map(question)

function showScore() {
  const earned = points(sum(questions.map((one) => one.earned)))
  const total = points(sum(questions.map((one) => one.points)))
  const checked = questions.filter((one) => one.checked).length
  document.getElementById('score').replaceChildren(
    element('strong', {}, fill(words.score, { earned, total })), ' ',
    element('span', {}, fill(words.checked, { checked, total: questions.length })),
  )
}

document.getElementById('reset').addEventListener('click', () => {
  for (const one of questions) one.reset()
  showScore()
  window.scrollTo(0, 0)
})
showScore()
