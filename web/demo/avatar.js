// A person as a coloured disc with their initials.

/** How many colours `style.css` knows. */
const HUES = 8;

/** A new disc for somebody; the whole name is its text for those who cannot see it. */
export function avatar(person) {
  const disc = document.createElement("span");
  paint(disc, person);
  return disc;
}

/** Makes an element the disc of somebody, or of nobody. */
export function paint(disc, person) {
  disc.classList.add("avatar");
  disc.classList.toggle("nobody", !person);
  disc.textContent = person ? initials(person) : "";
  disc.title = person ? person.full_name : "Nobody";
  disc.setAttribute("role", "img");
  disc.setAttribute("aria-label", disc.title);
  if (person) disc.dataset.hue = hue(person.username);
  else delete disc.dataset.hue;
}

/** The same everywhere for the same name. */
function hue(username) {
  let sum = 0;
  for (const letter of username) sum = (sum * 31 + letter.codePointAt(0)) % 65_521;
  return sum % HUES;
}

function initials({ full_name, username }) {
  const words = (full_name || username).trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...word][0]).join("").toUpperCase();
}
