// Asks the browser for a passkey, or to make one, and sends its answer with the form. Without script the buttons stay hidden.
(function () {
  "use strict";
  if (!window.PublicKeyCredential) { return; }
  function bytes(text) {
    var raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, function (c) { return c.charCodeAt(0); });
  }
  function text(buffer) {
    var raw = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function ids(list) {
    return (list || []).map(function (one) { return { type: one.type, id: bytes(one.id), transports: one.transports }; });
  }
  function make(options) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = ids(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }
  function prove(options) {
    options.challenge = bytes(options.challenge);
    options.allowCredentials = ids(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }
  function told(made) {
    var found = made.response, answer = { clientDataJSON: text(found.clientDataJSON) };
    ["attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (found[name]) { answer[name] = text(found[name]); }
    });
    return JSON.stringify({
      id: made.id, rawId: text(made.rawId), type: made.type, response: answer,
      clientExtensionResults: made.getClientExtensionResults()
    });
  }
  document.querySelectorAll("[data-passkey]").forEach(function (box) {
    var button = box.querySelector("button"), field = box.querySelector("input[data-answer]");
    var failed = box.querySelector("[data-failed]"), sent = false;
    box.hidden = false;
    button.addEventListener("click", function (event) {
      var name = box.querySelector("input[name=name]");
      if (sent || (name && !name.value.trim())) { return; }
      event.preventDefault();
      var options = JSON.parse(box.dataset.passkey);
      (box.dataset.kind === "make" ? make(options) : prove(options)).then(function (made) {
        field.value = told(made);
        sent = true;
        button.click();
      }).catch(function () { failed.hidden = false; });
    });
  });
}());
