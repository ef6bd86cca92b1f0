"use strict";
// Four tones that cannot be mistaken for each other. Muted per person, on every device.
const Sound = (() => {
  const button = document.getElementById("mute");
  // [frequency in Hz, start and length in seconds], wave
  const tones = {
    right: [[[1320, 0, 0.08]], "sine"],
    done: [[[660, 0, 0.1], [880, 0.11, 0.1], [1320, 0.22, 0.22]], "sine"],
    wrong: [[[180, 0, 0.28], [150, 0.32, 0.4]], "sawtooth"],
    many: [[[520, 0, 0.1], [520, 0.16, 0.1], [520, 0.32, 0.1], [520, 0.48, 0.1]], "square"],
    info: [[[740, 0, 0.05]], "sine"],
  };
  let audio = null;
  let muted = button.getAttribute("aria-pressed") === "true";

  function show() {
    button.setAttribute("aria-pressed", String(muted));
    button.setAttribute("aria-label", muted ? button.dataset.off : button.dataset.on);
    button.title = button.getAttribute("aria-label");
  }

  function play(name) {
    document.body.dataset.tone = name;
    if (muted || !tones[name] || !window.AudioContext) return;
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
    const [notes, wave] = tones[name];
    for (const [frequency, start, length] of notes) note(frequency, audio.currentTime + start, length, wave);
  }

  function note(frequency, at, length, wave) {
    const voice = audio.createOscillator();
    const volume = audio.createGain();
    voice.type = wave;
    voice.frequency.value = frequency;
    volume.gain.setValueAtTime(0.25, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + length);
    voice.connect(volume).connect(audio.destination);
    voice.start(at);
    voice.stop(at + length);
  }

  function toggle() {
    muted = !muted;
    show();
    play("info");
    // Not kept without a connection; the next press keeps it.
    const fields = { is_muted: muted ? "1" : "0", csrfmiddlewaretoken: button.dataset.token };
    fetch(button.dataset.keep, {
      method: "POST", body: new URLSearchParams(fields), headers: { "X-Requested-With": "fetch" },
    }).catch(() => {});
  }

  button.hidden = false;
  button.addEventListener("click", toggle);
  show();
  return { play, toggle };
})();
