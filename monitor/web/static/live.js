// Fetches the page anew every 15 s and puts its <main> in place. Without script the page still is whole.
const every = 15000;
const busy = () => document.hidden || document.querySelector("main :is(textarea,input,select):focus, main details[open] form, main form details[open]") || [...document.querySelectorAll("main textarea")].some((t) => t.value);
async function again() {
  if (!busy()) {
    try {
      const answer = await fetch(location.pathname + location.search.replace(/([?&])done=[a-z]+&?/, "$1"), { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = [...document.querySelectorAll("main details")].map((d) => d.open);
      for (const part of ["main", ".hour"]) {
        const fresh = page.querySelector(part), old = document.querySelector(part);
        if (fresh && old) old.replaceWith(fresh);
      }
      document.querySelectorAll("main details").forEach((d, i) => { d.open = !!open[i]; });
      document.title = page.title;
      document.body.classList.remove("stale");
    } catch {
      document.body.classList.add("stale");
    }
  }
  setTimeout(again, every);
}
setTimeout(again, every);
document.addEventListener("visibilitychange", () => { if (!document.hidden) document.body.classList.contains("stale") && location.reload(); });
