// How cards get from one place to another, for those who want to see motion.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const GLIDE = { duration: 320, easing: "cubic-bezier(0.22, 0.8, 0.26, 1)" };
const APPEAR = { duration: 220, easing: "ease-out" };
const FLASH_MS = 1400;

const flashes = new WeakMap();

/** Where elements are now. */
export function places(elements) {
  return new Map([...elements].map((element) => [element, element.getBoundingClientRect()]));
}

/** Lets elements glide from where they were to where they are; new ones appear. */
export function glide(elements, before) {
  if (still.matches) return;
  for (const element of elements) {
    const from = before.get(element);
    if (from) slide(element, from);
    else element.animate([{ opacity: 0, transform: "scale(0.96)" }, {}], APPEAR);
  }
}

/** Marks an element for a moment as changed by somebody else. */
export function flash(element) {
  element.classList.remove("changed");
  // Reading a measure between the two lets the animation start again.
  void element.offsetWidth;
  element.classList.add("changed");
  clearTimeout(flashes.get(element));
  flashes.set(element, setTimeout(() => element.classList.remove("changed"), FLASH_MS));
}

function slide(element, from) {
  // `from` was measured in the midst of a glide still under way: the new one takes over there.
  for (const motion of element.getAnimations()) if (motion.id === "glide") motion.cancel();
  const to = element.getBoundingClientRect();
  const [x, y] = [from.left - to.left, from.top - to.top];
  if (Math.abs(x) < 1 && Math.abs(y) < 1) return;
  const motion = element.animate([{ transform: `translate(${x}px, ${y}px)` }, {}], GLIDE);
  motion.id = "glide";
}
