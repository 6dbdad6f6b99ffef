// Every few seconds the parts of the page that live are replaced by new ones.
// The search field is none of them, and what a person has marked or stands on
// stays as it is until they are done.
'use strict';

const seconds = Number(document.body.dataset.refresh);

function busy(part) {
  const marked = document.getSelection();
  return part.contains(document.activeElement) || (!marked.isCollapsed && marked.containsNode(part, true));
}

async function refresh() {
  const answer = await fetch(location.href, {headers: {Accept: 'text/html', 'X-Refresh': '1'}, signal: AbortSignal.timeout(10000)});
  if (answer.redirected || answer.status === 401) { // to the login
    location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (!fresh.getElementById('state')) throw new Error('this is another page');
  for (const part of fresh.querySelectorAll('[data-live]')) {
    const old = document.getElementById(part.id);
    if (!old) {
      document.querySelector('main').append(part);
    } else if (!busy(old) && old.innerHTML !== part.innerHTML) {
      old.innerHTML = part.innerHTML;
    }
  }
}

async function again() {
  if (!document.hidden) {
    const failed = await refresh().then(() => false, () => true);
    document.getElementById('stale').hidden = !failed;
  }
  setTimeout(again, seconds * 1000);
}

setTimeout(again, seconds * 1000);
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh().catch(() => {}); });
