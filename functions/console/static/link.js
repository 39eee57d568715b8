// What stands behind "#" browsers do not send: into the form with it, and out of the address.
"use strict";
const form = document.getElementById("link");
if (location.hash.length > 1) {
  form.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}
