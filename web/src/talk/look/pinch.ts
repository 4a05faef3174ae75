/** Two fingers that enlarge: `begin` answers how large it is, `put` how large it is to be. */
export function pinch(begin: () => number, put: (zoom: number) => void): (node: HTMLElement) => () => void {
  return (node) => {
    let begun: { apart: number; zoom: number } | undefined;
    const touched = (event: TouchEvent): void => {
      const [one, two] = event.touches;
      if (!one || !two) {
        begun = undefined;
        return;
      }
      event.preventDefault(); // the browser would enlarge the page instead
      const apart = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
      begun ??= { apart, zoom: begin() };
      if (event.type === "touchmove") put((begun.zoom * apart) / begun.apart);
    };
    const events = ["touchstart", "touchmove", "touchend", "touchcancel"] as const;
    for (const event of events) node.addEventListener(event, touched, { passive: false });
    return () => {
      for (const event of events) node.removeEventListener(event, touched);
    };
  };
}
