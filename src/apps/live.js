// The camera of the "Live" tab: one frame is on its way at a time, the next is taken when its result is here. What the
// camera shows in between is dropped, never queued. (Two on their way: as many frames, at twice the latency.)
const find = (name) => element.querySelector(`[data-live="${name}"]`);
const video = find("camera"), result = find("result"), stats = find("stats"), message = find("message");
const canvas = document.createElement("canvas");
const SHORT_SIDE = 288, QUALITY = 0.85, WINDOW_MS = 2000;
let stream = null, turn = 0, resets = true, known = "", times = [];  // a new turn ends the loop of the last one

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

async function drive() {
  const mine = turn;
  while (turn === mine) {
    const name = portrait();
    if (!name || !video.videoWidth) {
      say(name ? "Waiting for the camera." : "Choose a portrait first.");
      await pause(200);
      continue;
    }
    const begin = performance.now(), reset = resets || name !== known;
    resets = false;
    known = name;
    const answer = await server.drive({ name, frame: grab(), mirror: find("mirror").checked, reset })
      .catch((error) => ({ error: `The server does not answer: ${error}` }));
    if (turn !== mine) break;
    if (answer.busy) {
      resets ||= reset;
      await pause(20);
    } else if (answer.error) {
      resets ||= reset;
      say(answer.error);
      await pause(1000);
    } else {
      result.src = `data:image/jpeg;base64,${answer.picture}`;
      await result.decode().catch(() => {});
      if (turn !== mine) break;
      say("");
      count(begin, answer.ms);
    }
  }
}

async function start() {
  const mine = ++turn;
  close();
  if (!navigator.mediaDevices) {
    say("This browser gives cameras only to pages of this machine or of https: open the page as localhost.");
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
    stream.getVideoTracks()[0].addEventListener("ended", stop);
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    if (turn !== mine) return;  // stopped meanwhile: that is what the message says
    stop();
    say(`The camera cannot be used: ${error.message}`);
    return;
  }
  if (turn !== mine) {  // stopped, or started once more, while the visitor was asked
    close();
    return;
  }
  resets = true;
  times = [];
  drive();
}

function close() {
  stream?.getTracks().forEach((track) => track.stop());
  video.srcObject = stream = null;
}

function stop() {
  turn++;
  close();
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
