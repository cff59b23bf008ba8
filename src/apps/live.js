// The camera of the "Live" tab. Two frames are on their way at most: while the server works on one, the next one is
// taken and sent. What the camera shows in between is dropped, never queued, so the picture is as fresh as it can be.
const find = (name) => element.querySelector(`[data-live="${name}"]`);
const video = find("camera"), result = find("result"), stats = find("stats"), message = find("message");
const canvas = document.createElement("canvas");
const SHORT_SIDE = 288, QUALITY = 0.85, WINDOW_MS = 2000, ON_THE_WAY = 2;
let stream = null, running = false, resets = true, known = "", taken = 0, newest = 0, times = [];

const portrait = () => document.querySelector("#live-name textarea, #live-name input")?.value ?? "";
const say = (text) => { message.textContent = text; };

function grab() {
  const scale = Math.min(1, SHORT_SIDE / Math.min(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", QUALITY).split(",")[1];
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function count(begin, ms) {
  const now = performance.now();
  times.push(now);
  while (times[0] < now - WINDOW_MS) times.shift();
  const rate = times.length > 1 ? (times.length - 1) * 1000 / (now - times[0]) : 0;
  element.dataset.frames = Number(element.dataset.frames ?? 0) + 1;
  stats.textContent = `${rate.toFixed(1)} frames/s · latency ${Math.round(now - begin)} ms (model ${Math.round(ms)} ms)`;
}

async function show(picture, number) {
  if (number < newest) return false;  // overtaken by a later frame
  newest = number;
  result.src = `data:image/jpeg;base64,${picture}`;
  await result.decode().catch(() => {});
  return true;
}

async function drive() {
  while (running) {
    const name = portrait();
    if (!name || !video.videoWidth) {
      say(name ? "Waiting for the camera." : "Choose a portrait first.");
      await pause(200);
      continue;
    }
    const begin = performance.now(), number = ++taken, reset = resets || name !== known;
    resets = false;
    known = name;
    const answer = await server.drive({ name, frame: grab(), mirror: find("mirror").checked, reset })
      .catch((error) => ({ error: `The server does not answer: ${error}` }));
    if (!running) break;
    if (answer.error) {
      say(answer.error);
      await pause(1000);
    } else if (await show(answer.picture, number)) {
      say("");
      count(begin, answer.ms);
    }
  }
}

async function start() {
  if (running) return;
  if (!navigator.mediaDevices) {
    say("This browser gives cameras only to pages of this machine or of https: open the page as localhost.");
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
  } catch (error) {
    say(`The camera cannot be used: ${error.message}`);
    return;
  }
  video.srcObject = stream;
  await video.play();
  running = resets = true;
  times = [];
  for (let loop = 0; loop < ON_THE_WAY; loop++) drive();
}

function stop() {
  running = false;
  stream?.getTracks().forEach((track) => track.stop());
  video.srcObject = stream = null;
  stats.textContent = "";
  say("The camera is off.");
}

find("start").addEventListener("click", start);
find("stop").addEventListener("click", stop);
find("neutral").addEventListener("click", () => { resets = true; });
find("mirror").addEventListener("change", (event) => {
  video.style.transform = event.target.checked ? "scaleX(-1)" : "none";
  resets = true;
});
