// Fetches the page anew every 15 s and puts its <main> in place. Without script the page is whole all the same.
const every = 15000;

const busy = () =>
  document.hidden ||
  document.querySelector("main :is(textarea, input, select):focus") ||
  document.querySelector("main form details[open]") ||
  [...document.querySelectorAll("main textarea")].some((field) => field.value);

function put(page) {
  const open = [...document.querySelectorAll("main details")].map((part) => part.open);
  for (const name of ["main", ".hour"]) {
    const fresh = page.querySelector(name);
    if (fresh) document.querySelector(name).replaceWith(fresh);
  }
  document.querySelectorAll("main details").forEach((part, i) => { part.open = Boolean(open[i]); });
  document.title = page.title;
}

async function again() {
  try {
    if (!busy()) {
      const here = new URL(location.href);
      here.searchParams.delete("done");
      const answer = await fetch(here, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      put(new DOMParser().parseFromString(await answer.text(), "text/html"));
      document.body.classList.remove("stale");
    }
  } catch {
    document.body.classList.add("stale");
  }
  setTimeout(again, every);
}

setTimeout(again, every);
