// Runs in every page before its own scripts: notes when people clicked, when a screen was there, when the first picture
// of the other side stood on the screen, its first sound came and the safety code was shown. Nothing of the page is
// touched. All pages of one machine share a clock: timeOrigin + now.

export function stopwatch() {
  const now = () => performance.timeOrigin + performance.now();
  const marks = (globalThis.marks ??= {});
  // A window that is watched twice, before and after its first page, has one list of marks, and of those who wait for them.
  const waits = (globalThis.waits ??= new Set());
  const note = (name, at = now()) => {
    if (marks[name]) return;
    marks[name] = at;
    waits.forEach((check) => check());
  };
  // Settles once all of these are noted: nobody needs to ask meanwhile, and take time from what is measured.
  globalThis.whenMarked = (...names) =>
    new Promise((resolve) => {
      const check = () => names.every((name) => marks[name]) && (waits.delete(check), resolve(marks));
      waits.add(check);
      check();
    });
  globalThis.restartWatch = () => Object.keys(marks).forEach((key) => delete marks[key]);

  document.addEventListener('click', (event) => {
    const id = event.target.closest?.('[data-testid]')?.dataset.testid;
    if (id) note(`click ${id}`);
  }, true);

  // A picture is on the screen when the browser expects it there, which it tells the page some time later (WICG
  // video-rvfc: "expectedDisplayTime", and "told" for when the page heard of it); but not before the place where it
  // appears is drawn, as it is hidden until then.
  const seen = () => marks.expected && marks.uncovered && note('frame', Math.max(marks.expected, marks.uncovered));
  const watched = new WeakSet();
  const painted = (video) => {
    if (watched.has(video)) return;
    watched.add(video);
    const next = () => video.requestVideoFrameCallback((_, { expectedDisplayTime }) => {
      note('expected', performance.timeOrigin + expectedDisplayTime);
      note('told');
      seen();
      marks.lastFrame = now();
      next();
    });
    next();
    const uncovered = () => {
      if (marks.uncovered || video.parentElement?.matches('.faceless')) return;
      requestAnimationFrame(() => {
        note('uncovered');
        seen();
      });
    };
    uncovered();
    new MutationObserver(uncovered).observe(video.parentElement, { attributeFilter: ['class'] });
  };
  const look = () => {
    const screen = document.querySelector('main')?.dataset.screen;
    if (screen) note(`screen ${screen}`);
    if (document.querySelector('[data-testid=code-chip]')) note('code');
    document.querySelectorAll('[data-testid=other] .person video').forEach(painted);
  };
  look();
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-screen'] });

  const Native = globalThis.RTCPeerConnection;
  if (!Native) return;
  globalThis.RTCPeerConnection = new Proxy(Native, {
    construct(target, args) {
      const pc = Reflect.construct(target, args);
      pc.addEventListener('track', ({ track }) => track.kind === 'audio' && track.addEventListener('unmute', () => note('sound')));
      return pc;
    },
  });
}
