// The page on which people draw a digit, or show a picture of one, and see what a network reads.
//
// What lies on the paper is one immutable value, { strokes, pictures }; every change replaces it
// and keeps the older one for undo. A stroke is a list of points { x, y, width }, all as parts of
// the paper's side. An answer is shown only while no newer question has been asked.

const SQUARES = 28; // the paper has as many squares as the network sees pixels
const SENT_PX = 280; // the side of the drawing as it is sent
const PAUSE_MS = 60; // after the last stroke, lest every stroke of a digit is asked about
const LIVE_MS = 250; // between questions while the pen is down
const CHEAP_MS = 200; // a server that takes longer is left alone while the pen is down
const PATIENCE_MS = 30_000;

const NO_PICTURES = Object.freeze([]);
const EMPTY = Object.freeze({ strokes: [], pictures: NO_PICTURES });

const at = (id) => document.getElementById(id);
const canvas = at("drawing");
const family = at("family");
const many = at("many");
const reading = at("reading");

let paper = EMPTY;
let past = [];
let wet = null; // the stroke that is being drawn: { points, pointer }, pointer null for the keys
let pen = { x: 0.5, y: 0.5 }; // where the keys have moved it

let latest = 0; // the number of the latest question
let asking = null; // the AbortController of the question under way
let pause = 0; // the timer of the question that follows the last stroke
let live = 0; // the timer of the next question while the pen is down
let lastTook = 0;

let answered = EMPTY; // the paper that the shown answer is about
let results = [];
let shown = { file: 0, digit: 0 };

// ---------------------------------------------------------------- ink

const isBlank = ({ strokes, pictures }) => !strokes.length && !pictures.length;
const between = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const withWet = () => (wet ? { ...paper, strokes: [...paper.strokes, wet.points] } : paper);

/** A stroke as a smooth line: quadratic curves through the middles between its points. */
function paintStroke(context, points, size) {
  const [first] = points;
  context.beginPath();
  context.arc(first.x * size, first.y * size, (first.width * size) / 2, 0, 2 * Math.PI);
  context.fill();
  let start = first;
  let width = null;
  for (let i = 1; i < points.length; i++) {
    const corner = points[i - 1];
    const end = i === points.length - 1 ? points[i] : between(corner, points[i]);
    if (points[i].width !== width) {
      if (width) context.stroke();
      width = points[i].width;
      context.lineWidth = width * size;
      context.beginPath();
      context.moveTo(start.x * size, start.y * size);
    }
    context.quadraticCurveTo(corner.x * size, corner.y * size, end.x * size, end.y * size);
    start = end;
  }
  if (width) context.stroke();
}

function paint(context, strokes, size, ink) {
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const points of strokes) paintStroke(context, points, size);
}

/** The drawing as a file: dark on white in either theme, so that either gives the same answer. */
function drawnPicture(strokes) {
  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = SENT_PX;
  const context = sheet.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, SENT_PX, SENT_PX);
  paint(context, strokes, SENT_PX, "black");
  // toBlob would wait until the browser is idle.
  const bytes = atob(sheet.toDataURL("image/png").split(",")[1]);
  const data = Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
  return new File([data], "drawing.png", { type: "image/png" });
}

// ---------------------------------------------------------------- the paper

let repaintAsked = false;

function repaint() {
  if (repaintAsked) return;
  repaintAsked = true;
  requestAnimationFrame(() => {
    repaintAsked = false;
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, size, size);
    paint(context, withWet().strokes, size, getComputedStyle(canvas).color);
  });
}

const urls = new WeakMap();

function urlOf(file) {
  if (!urls.has(file)) urls.set(file, URL.createObjectURL(file));
  return urls.get(file);
}

/** Whether the shown answer is about what lies on the paper; a drawing may be a stroke ahead. */
const isAnswered = () => answered.pictures === paper.pictures;

const pictureShown = () => paper.pictures[isAnswered() ? shown.file : 0];
const unshowable = new WeakSet(); // files in a format that only the server knows

/** Bring everything that shows the paper up to date. */
function showPaper() {
  const file = pictureShown();
  const isShowable = !unshowable.has(file);
  at("picture").hidden = !file || !isShowable;
  at("unshowable").hidden = !file || isShowable;
  at("close-picture").hidden = !file;
  at("pen-width").parentElement.hidden = Boolean(file);
  if (file && at("picture").src !== urlOf(file)) at("picture").src = urlOf(file);
  canvas.inert = Boolean(file);
  const nothing = isBlank(paper) && !wet;
  at("invitation").hidden = !nothing;
  at("clear").ariaDisabled = String(nothing);
  at("undo").ariaDisabled = String(!past.length && !wet);
  repaint();
  showBoxes();
}

function change(next) {
  past.push(paper);
  paper = next;
}

function undo() {
  if (wet) {
    wet = null;
  } else if (past.length) {
    paper = past.pop();
  } else {
    return;
  }
  at("pen").classList.remove("down");
  askNow();
}

function clear() {
  if (isBlank(paper) && !wet) return;
  wet = null;
  at("pen").classList.remove("down");
  if (!isBlank(paper)) change(EMPTY);
  askNow();
}

// ---------------------------------------------------------------- drawing

function pointOf(event) {
  const edge = canvas.getBoundingClientRect();
  const width = Number(at("pen-width").value) / 100;
  const pressed = event.pointerType === "pen" && event.pressure > 0;
  return {
    x: (event.clientX - edge.left) / edge.width,
    y: (event.clientY - edge.top) / edge.height,
    width: pressed ? width * (0.5 + event.pressure) : width,
  };
}

function beginStroke(point, pointer) {
  endStroke();
  supersede();
  hideMessage();
  at("status").textContent = "";
  wet = { points: [point], pointer };
  showPaper();
}

function endStroke() {
  if (!wet) return;
  const next = withWet();
  wet = null;
  change(next);
  showPaper();
  clearTimeout(pause);
  pause = setTimeout(askNow, PAUSE_MS);
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.isPrimary) return;
  canvas.setPointerCapture(event.pointerId);
  at("pen").hidden = true;
  beginStroke(pointOf(event), event.pointerId);
});

canvas.addEventListener("pointermove", (event) => {
  if (wet?.pointer !== event.pointerId) return;
  const events = event.getCoalescedEvents?.() ?? [];
  wet.points.push(...(events.length ? events : [event]).map(pointOf));
  repaint();
  askLive();
});

for (const kind of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(kind, (event) => {
    if (wet?.pointer === event.pointerId) endStroke();
  });
}

// ---------------------------------------------------------------- drawing with the keys

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const keyPoint = () => ({ ...pen, width: Number(at("pen-width").value) / 100 });

function showPen() {
  const mark = at("pen");
  const percent = `max(12px, ${at("pen-width").value}%)`;
  mark.hidden = false;
  mark.classList.toggle("down", wet?.pointer === null);
  Object.assign(mark.style, {
    left: `${100 * pen.x}%`,
    top: `${100 * pen.y}%`,
    width: percent,
    height: percent,
  });
}

/** Move the pen square by square, so that corners stay corners. */
function movePen([right, down], squares) {
  const within = (value) => Math.min(1, Math.max(0, value));
  for (let i = 0; i < squares; i++) {
    pen = { x: within(pen.x + right / SQUARES), y: within(pen.y + down / SQUARES) };
    if (wet?.pointer === null) wet.points.push(keyPoint());
  }
  repaint();
  if (wet) askLive();
}

function togglePen() {
  if (wet) endStroke();
  else beginStroke(keyPoint(), null);
  const [column, row] = [pen.x, pen.y].map((part) => Math.round(part * SQUARES));
  at("pen-state").textContent = `Pen ${wet ? "down" : "up"} at column ${column}, row ${row}`;
}

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in ARROWS) movePen(ARROWS[event.key], event.shiftKey ? 4 : 1);
  else if (event.key === " " && !event.repeat) togglePen();
  else if (event.key !== " ") return;
  event.preventDefault();
  showPen();
});

canvas.addEventListener("focus", () => {
  if (canvas.matches(":focus-visible")) showPen();
});

canvas.addEventListener("blur", () => {
  if (wet?.pointer === null) endStroke();
  at("pen").hidden = true;
});

document.addEventListener("keydown", (event) => {
  const isCommand = (event.ctrlKey || event.metaKey) && !event.shiftKey;
  if (event.key === "Escape" && event.target !== family) clear();
  if (!isCommand || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  undo();
});

// ---------------------------------------------------------------- pictures

function askAboutPictures(files) {
  if (!files.length) return;
  endStroke();
  ask({ ...paper, pictures: [...files] });
}

at("file").addEventListener("change", (event) => {
  askAboutPictures(event.target.files);
  event.target.value = ""; // the same file may be chosen again
});

document.addEventListener("paste", (event) => askAboutPictures(event.clipboardData?.files ?? []));

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!carriesFiles(event)) return;
  event.preventDefault();
  askAboutPictures(event.dataTransfer.files);
});

at("close-picture").addEventListener("click", () => {
  change({ ...paper, pictures: NO_PICTURES });
  askNow();
  canvas.focus();
});

at("picture").addEventListener("load", showBoxes);
at("picture").addEventListener("error", () => {
  unshowable.add(pictureShown());
  showPaper();
});

// ---------------------------------------------------------------- asking

/** What the server says about a request that it refuses, or why it did not say anything. */
class Refusal extends Error {
  constructor(status, message) {
    super(message ?? `The server failed to answer (status ${status}).`);
    this.isAboutTheFiles = status === 413 || status === 415 || status === 422;
  }
}

async function fetchJson(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Refusal(0, "The server does not answer; it may have been stopped.");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || !body) throw new Refusal(response.status, body?.error?.message);
  return body;
}

async function predict({ strokes, pictures }, signal) {
  const form = new FormData();
  for (const file of pictures.length ? pictures : [drawnPicture(strokes)]) {
    form.append("files", file, file.name);
  }
  const query = new URLSearchParams({ many: many.checked, pictures: true });
  if (family.value) query.set("family", family.value);
  const body = await fetchJson(`v1/predict?${query}`, { method: "POST", body: form, signal });
  const errors = body.results.map(({ error }) => error?.message);
  if (errors.every(Boolean)) throw new Refusal(422, errors.join(" "));
  return body.results;
}

/** Make every question asked before an old one, whose answer is not shown any more. */
function supersede() {
  clearTimeout(pause);
  asking?.abort();
  asking = null;
  reading.ariaBusy = "false";
  return ++latest;
}

/** Ask about a paper; pictures that are not on it yet are laid on it when they have been read. */
async function ask(asked, isFinal = true) {
  const turn = supersede();
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), PATIENCE_MS);
  const began = performance.now();
  asking = controller;
  reading.ariaBusy = "true";
  try {
    const found = await predict(asked, controller.signal);
    if (turn !== latest) return;
    lastTook = performance.now() - began;
    accept(asked, found, isFinal);
  } catch (error) {
    if (turn !== latest) return;
    lastTook = performance.now() - began;
    if (isFinal) showMessage(error, () => ask(asked));
  } finally {
    clearTimeout(timer);
    if (turn === latest) {
      asking = null;
      reading.ariaBusy = "false";
    }
  }
}

function askNow() {
  supersede();
  hideMessage();
  at("status").textContent = "";
  if (isBlank(paper)) accept(paper, [], false);
  else ask(paper);
  showPaper();
}

function askLive() {
  live ||= setTimeout(() => {
    live = 0;
    if (wet && !asking && lastTook <= CHEAP_MS) ask(withWet(), false);
  }, LIVE_MS);
}

function accept(asked, found, isFinal) {
  // A digit that is half drawn is no digit yet, which nobody needs to be told.
  if (!isFinal && found.length && !found[0].digits[0]?.is_digit) return;
  if (asked.pictures !== paper.pictures) change(asked);
  answered = asked;
  results = found;
  const first = found.find((result) => result.digits.length) ?? found.find(({ error }) => !error);
  shown = { file: found.indexOf(first), digit: 0 };
  if (isFinal) {
    hideMessage();
    at("status").textContent = spoken();
  }
  showAnswer();
  showPaper();
}

// ---------------------------------------------------------------- the answer

const percent = (part) => `${(100 * part).toFixed(1)} %`;
const sentence = (text) => text[0].toUpperCase() + text.slice(1).replace(/[.!?]?$/, ".");
const counted = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;
const chosenResult = () => results[shown.file];
const chosenDigit = () => chosenResult()?.digits[shown.digit];

function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

/** The answer as one says it. */
function spoken() {
  if (results.length > 1) {
    const bad = results.filter((result) => result.error).length;
    const read = `${counted(results.length - bad, "picture")} read`;
    return bad ? `${read}, ${bad} could not be read` : read;
  }
  const { digits, reason } = results[0];
  if (digits.length > 1) {
    const read = digits.map(({ digit, is_digit: sure }) => (sure ? digit : "no digit"));
    return `${digits.length} digits: ${read.join(", ")}`;
  }
  if (!digits.length) return `No digit: ${reason}`;
  const [{ digit, confidence, is_digit: isDigit, reason: doubt }] = digits;
  if (!isDigit) return `No digit: ${doubt}`;
  return `${digit}, ${(100 * confidence).toFixed(1)} percent`;
}

function showAnswer() {
  const result = chosenResult();
  const digit = chosenDigit();
  const count = result?.digits.length ?? 0;
  reading.dataset.state = stateOf(result, digit);
  showVerdict(result, digit);
  showBars(digit);
  showView("seen", digit?.seen, !digit);
  showView("restored", digit?.restored, !digit);
  showView("reconstruction", digit?.reconstruction, !digit);
  showFiles();
  const about = results.length > 1 ? [result.name] : [];
  if (count > 1) about.push(`digit ${shown.digit + 1} of ${count}`);
  at("about").textContent = about.join(", ");
}

function stateOf(result, digit) {
  if (!result) return "idle";
  if (result.digits.length > 1) return "several";
  return digit?.is_digit ? "digit" : "none";
}

function showVerdict(result, digit) {
  const doubt = digit ? digit.reason : result?.reason;
  at("reason").textContent = doubt ? sentence(doubt) : "";
  at("confidence").textContent = confidenceOf(result, digit);
  const answer = at("answer");
  if (!result) answer.replaceChildren();
  else if (result.digits.length > 1) answer.replaceChildren(...result.digits.map(digitButton));
  else answer.textContent = digit?.is_digit ? digit.digit : "No digit";
}

function confidenceOf(result, digit) {
  if (!result) return "Draw a digit, and the answer stands here.";
  if (!digit) return "";
  if (!digit.is_digit) return `Best guess: ${digit.digit}, ${percent(digit.confidence)}`;
  const which = result.digits.length > 1 ? `${digit.digit}: ` : "";
  return which + percent(digit.confidence);
}

function digitButton({ digit, is_digit: isDigit }, index) {
  const button = element("button", isDigit ? "" : "none", isDigit ? String(digit) : "?");
  button.type = "button";
  button.ariaPressed = String(index === shown.digit);
  if (!isDigit) button.ariaLabel = "No digit";
  button.addEventListener("click", () => {
    shown.digit = index;
    showAnswer();
    showPaper();
    at("answer").children[index].focus();
  });
  return button;
}

function showBars(digit) {
  at("bars").classList.toggle("doubtful", digit?.is_digit === false);
  for (const row of at("bars").children) {
    const number = Number(row.dataset.digit);
    const part = digit?.probabilities[number];
    const isWinner = number === digit?.digit;
    row.classList.toggle("winner", isWinner);
    row.querySelector(".bar").style.setProperty("--share", part ?? 0);
    row.querySelector(".value").textContent = digit ? percent(part) : "–";
    row.querySelector(".unseen").textContent = isWinner ? ", the highest" : "";
  }
}

function showView(id, source, isIdle) {
  const image = at(id);
  const note = image.parentElement.querySelector(".note");
  image.hidden = !source;
  if (source) image.src = source;
  else image.removeAttribute("src");
  if (note) note.hidden = isIdle || Boolean(source);
}

function showFiles() {
  at("files").hidden = results.length < 2;
  at("results").replaceChildren(...(results.length < 2 ? [] : results.map(fileRow)));
}

function fileRow(result, index) {
  if (result.error) return element("li", "", element("p", "bad", result.error.message));
  const { digits } = result;
  const read = digits.map(({ digit, is_digit: isDigit }) => (isDigit ? digit : "?")).join(" ");
  const isNone = !digits.some((digit) => digit.is_digit);
  const picture = element("img", "");
  picture.alt = "";
  picture.src = urlOf(answered.pictures[index]);
  picture.addEventListener("error", () => picture.removeAttribute("src"), { once: true });
  const button = element(
    "button",
    "",
    picture,
    element("span", "name", result.name),
    element("span", isNone ? "read none" : "read", isNone ? "No digit" : read),
  );
  button.type = "button";
  button.ariaPressed = String(index === shown.file);
  button.addEventListener("click", () => {
    shown = { file: index, digit: 0 };
    showAnswer();
    showPaper();
    at("results").children[index].firstChild.focus();
  });
  return element("li", "", button);
}

/** Where the digits are, over the drawing or the picture, when several are asked for. */
function showBoxes() {
  const picture = at("picture");
  const isPicture = Boolean(paper.pictures.length);
  const isKnown = many.checked && isAnswered() && !(isPicture && picture.hidden);
  const [width, height] = isPicture
    ? [picture.naturalWidth, picture.naturalHeight]
    : [SENT_PX, SENT_PX];
  const digits = (isKnown && width && chosenResult()?.digits) || [];
  at("boxes").replaceChildren(...digits.map((digit, i) => boxOf(digit, i, width, height)));
}

function boxOf({ digit, box, is_digit: isDigit }, index, width, height) {
  const [left, top, right, bottom] = box;
  const side = Math.max(width, height);
  const part = (pixels) => `${(100 * pixels) / side}%`;
  const made = element("div", "box", element("span", "", isDigit ? String(digit) : "?"));
  made.classList.toggle("none", !isDigit);
  made.classList.toggle("low", ((side - height) / 2 + top) / side < 0.08);
  made.toggleAttribute("data-shown", index === shown.digit && chosenResult().digits.length > 1);
  Object.assign(made.style, {
    left: part((side - width) / 2 + left),
    top: part((side - height) / 2 + top),
    width: part(right - left),
    height: part(bottom - top),
  });
  return made;
}

// ---------------------------------------------------------------- messages

function showMessage(error, retry) {
  at("message-text").textContent = error.message;
  at("message").hidden = false;
  at("retry").hidden = error.isAboutTheFiles;
  at("retry").onclick = retry;
  reading.toggleAttribute("data-stale", answered !== paper);
  at("message").scrollIntoView({ block: "nearest" });
}

function hideMessage() {
  at("message").hidden = true;
  reading.removeAttribute("data-stale");
}

// ---------------------------------------------------------------- the start

function makeBars() {
  for (let digit = 0; digit < 10; digit++) {
    const row = element(
      "li",
      "",
      element("span", "digit", String(digit)),
      element("span", "bar"),
      element("span", "value", "–"),
      element("span", "unseen"),
    );
    row.dataset.digit = digit;
    at("bars").append(row);
  }
}

function optionOf({ family: name, accuracy, dataset, is_default: isDefault }) {
  const score = accuracy == null ? "" : ` · ${(100 * accuracy).toFixed(2)} % on ${dataset}`;
  return new Option(name + score, name, isDefault, isDefault);
}

async function loadFamilies() {
  try {
    const { models } = await fetchJson("v1/models");
    const readers = models.filter(({ task }) => task === "classification");
    family.replaceChildren(...readers.map(optionOf));
    hideMessage();
    if (!readers.length) {
      throw new Error("No network that reads digits is trained yet: kedro run --pipeline=cnn");
    }
    if (!isBlank(paper)) askNow();
  } catch (error) {
    showMessage(error, loadFamilies);
  }
}

at("undo").addEventListener("click", undo);
at("clear").addEventListener("click", clear);
for (const choice of [family, many]) choice.addEventListener("change", askNow);
addEventListener("resize", repaint);
new ResizeObserver(repaint).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

makeBars();
accept(EMPTY, [], false);
loadFamilies();
