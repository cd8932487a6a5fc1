// Makes passkeys and asks them. What they answer is sent along with the form as text; the server judges it.
(function () {
  "use strict";

  var toBytes = function (text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  };
  var toText = function (buffer) {
    var plain = String.fromCharCode.apply(null, new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  var withBytes = function (list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: toBytes(one.id) }); });
  };

  // What the server sends has its bytes as text; newer browsers read that themselves.
  var forNew = function (wanted) {
    if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(wanted);
    return Object.assign({}, wanted, {
      challenge: toBytes(wanted.challenge),
      user: Object.assign({}, wanted.user, { id: toBytes(wanted.user.id) }),
      excludeCredentials: withBytes(wanted.excludeCredentials),
    });
  };
  var forUse = function (wanted) {
    if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(wanted);
    return Object.assign({}, wanted, {
      challenge: toBytes(wanted.challenge),
      allowCredentials: withBytes(wanted.allowCredentials),
    });
  };
  var answerOf = function (made) {
    if (made.toJSON) return made.toJSON();
    var response = { clientDataJSON: toText(made.response.clientDataJSON) };
    if (made.response.attestationObject) {
      response.attestationObject = toText(made.response.attestationObject);
      response.transports = made.response.getTransports ? made.response.getTransports() : [];
    } else {
      response.authenticatorData = toText(made.response.authenticatorData);
      response.signature = toText(made.response.signature);
      response.userHandle = made.response.userHandle ? toText(made.response.userHandle) : null;
    }
    return {
      id: made.id, rawId: toText(made.rawId), type: made.type, response: response,
      authenticatorAttachment: made.authenticatorAttachment, clientExtensionResults: made.getClientExtensionResults(),
    };
  };

  document.querySelectorAll("[data-passkey]").forEach(function (place) {
    var form = place.closest("form");
    var says = place.querySelector("[data-passkey-says]");
    var answer = place.querySelector('input[name="passkey"]');
    var button = form.querySelector("[data-passkey-button]");
    // A page with several such forms brings this file as often.
    if (!window.PublicKeyCredential || place.dataset.ready) return;
    place.dataset.ready = "yes";
    if (location.origin !== place.dataset.origin) {
      says.textContent = place.dataset.elsewhere;
      return;
    }
    says.textContent = "";
    if (button) button.hidden = false;

    var wanted = function () {
      if (place.dataset.create) return Promise.resolve(JSON.parse(place.dataset.create));
      var body = new URLSearchParams({ _csrf: form.querySelector('input[name="_csrf"]').value });
      return fetch(place.dataset.passkey, { method: "POST", body: body }).then(function (got) {
        if (!got.ok) throw new Error("refused");
        return got.json();
      });
    };
    var busy = false;
    var ask = function (event) {
      event.preventDefault();
      if (busy) return;
      busy = true;
      says.textContent = place.dataset.waits;
      wanted().then(function (wanted) {
        return place.dataset.create
          ? navigator.credentials.create({ publicKey: forNew(wanted) })
          : navigator.credentials.get({ publicKey: forUse(wanted) });
      }).then(function (made) {
        answer.value = JSON.stringify(answerOf(made));
        form.submit();
      }).catch(function (error) {
        busy = false;
        says.textContent = error.name === "InvalidStateError" && place.dataset.known
          ? place.dataset.known : place.dataset.failed;
      });
    };
    if (button) button.addEventListener("click", ask);
    else form.addEventListener("submit", ask);
  });
})();
