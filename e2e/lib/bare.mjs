// What two browsers on this machine need by themselves, from an advisor's click to the first picture on both screens: two
// bare pages with a button, no server, no relay, no agreement on a code; their descriptions are carried by this process.
// The devices, the sections and the size of pictures are those of a talk. No page on this machine can be quicker, so this
// is what an admission is to be compared with when the machine itself is slow.

const ADDRESS = 'http://localhost:9/bare'; // answered here, nobody listens there
const HTML = '<!doctype html><title>bare</title><body><button>admit</button>';
const MEDIA = {
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
};

// In the pages. Descriptions travel whole: with the addresses, as those of a talk do.
function bare() {
  const now = () => performance.timeOrigin + performance.now();
  globalThis.connection = (options = {}) => {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', ...options });
    pc.createDataChannel('visavis', { negotiated: true, id: 0 });
    return pc;
  };
  globalThis.gathered = (pc) => new Promise((resolve) => {
    const look = () => pc.iceGatheringState === 'complete' && resolve(pc.localDescription.sdp);
    pc.addEventListener('icegatheringstatechange', look);
    look();
  });
  globalThis.firstFrame = (pc) => new Promise((resolve) => {
    const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true, srcObject: new MediaStream() });
    document.body.append(video);
    pc.addEventListener('track', ({ track }) => video.srcObject.addTrack(track));
    video.requestVideoFrameCallback((_, { expectedDisplayTime }) => resolve(performance.timeOrigin + expectedDisplayTime));
  });
  // Waits with its devices open and its offer made, as a guest does.
  globalThis.wait = async (media) => {
    const pc = (globalThis.pc = connection());
    const own = await navigator.mediaDevices.getUserMedia(media);
    pc.addTransceiver(own.getAudioTracks()[0], { direction: 'sendrecv' });
    pc.addTransceiver(own.getVideoTracks()[0], { direction: 'sendrecv', sendEncodings: [{ scaleResolutionDownBy: 2, maxBitrate: 1_500_000 }] });
    pc.addTransceiver('video', { direction: 'sendrecv' });
    globalThis.seen = firstFrame(pc);
    await pc.setLocalDescription();
    return gathered(pc);
  };
  // Has the offer at hand; the devices open with the click, beside the answer.
  globalThis.ready = (media, offer) => {
    const pc = (globalThis.pc = connection({ iceCandidatePoolSize: 1 }));
    globalThis.seen = firstFrame(pc);
    document.querySelector('button').onclick = async () => {
      globalThis.clicked = now();
      const devices = navigator.mediaDevices.getUserMedia(media);
      await pc.setRemoteDescription({ type: 'offer', sdp: offer });
      const [audio, camera, screen] = pc.getTransceivers();
      for (const transceiver of [audio, camera, screen]) transceiver.direction = 'sendrecv';
      await pc.setLocalDescription();
      void gathered(pc).then(globalThis.carry);
      globalThis.own = await devices;
      await audio.sender.replaceTrack(own.getAudioTracks()[0]);
      await camera.sender.replaceTrack(own.getVideoTracks()[0]);
      const parameters = camera.sender.getParameters();
      Object.assign(parameters.encodings[0], { scaleResolutionDownBy: 2, maxBitrate: 1_500_000 });
      await camera.sender.setParameters(parameters);
    };
  };
  globalThis.leave = () => {
    pc.close();
    globalThis.own?.getTracks().forEach((track) => track.stop());
    document.querySelector('video').remove();
  };
}

async function barePage(chromium, options) {
  const page = await chromium.newPage(options);
  await page.context.route(ADDRESS, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
  await page.context.addInitScript(bare);
  await page.goto(ADDRESS);
  return page;
}

// Answers with a function that makes one connection and returns its milliseconds. The advisor's page stays open.
export async function bareTalks(chromium) {
  const advisor = await barePage(chromium, {});
  let carry;
  await advisor.page.exposeFunction('carry', (answer) => carry(answer));
  return async (glanceMs) => {
    const guest = await barePage(chromium, { width: 390, height: 844 });
    const offer = await guest.eval((media) => globalThis.wait(media), MEDIA);
    carry = (answer) => guest.eval((sdp) => globalThis.pc.setRemoteDescription({ type: 'answer', sdp }), answer);
    await advisor.eval((media, sdp) => globalThis.ready(media, sdp), MEDIA, offer);
    await guest.page.waitForTimeout(glanceMs);
    await advisor.page.bringToFront();
    await advisor.click('button');
    const seen = await Promise.all([guest, advisor].map((page) => page.eval(() => globalThis.seen)));
    const clicked = await advisor.eval(() => globalThis.clicked);
    await advisor.eval(() => globalThis.leave());
    await guest.closeAll();
    return Math.max(...seen) - clicked;
  };
}
