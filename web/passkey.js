// Passkeys: makes one and uses one, with the browser's own dialog. What comes in and goes out is JSON, with bytes in base64url.

/** Makes a passkey. `json` is what the server sent to begin with. */
export async function make(json) {
  const { challenge, rp_id, user_id, user_name, algorithms, exclude } = JSON.parse(json);
  const credential = await asked(rp_id, () =>
    navigator.credentials.create({
      publicKey: {
        challenge: bytes(challenge),
        rp: { id: rp_id, name: "Pilothouse" },
        user: { id: bytes(user_id), name: user_name, displayName: user_name },
        pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: exclude.map(named),
        authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
        attestation: "none",
      },
    }),
  );
  const { clientDataJSON, attestationObject } = credential.response;
  return JSON.stringify({ client_data: text(clientDataJSON), attestation: text(attestationObject) });
}

/** Uses a passkey. `json` is what the server sent to begin with. */
export async function use(json) {
  const { challenge, rp_id, allow, verify } = JSON.parse(json);
  const credential = await asked(rp_id, () =>
    navigator.credentials.get({
      publicKey: { challenge: bytes(challenge), rpId: rp_id, allowCredentials: allow.map(named), userVerification: verify ? "required" : "preferred" },
    }),
  );
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return JSON.stringify({
    id: text(credential.rawId),
    client_data: text(clientDataJSON),
    authenticator_data: text(authenticatorData),
    signature: text(signature),
    user_handle: userHandle?.byteLength ? text(userHandle) : null,
  });
}

const named = (id) => ({ type: "public-key", id: bytes(id) });

// Says in words of ours why it came to nothing.
async function asked(place, ask) {
  if (!globalThis.PublicKeyCredential || !navigator.credentials) throw new Error(`This browser makes no passkeys here. Open Pilothouse over https, at ${place}.`);
  try {
    return await ask();
  } catch (error) {
    throw new Error(words[error.name]?.(place) ?? error.message);
  }
}

const words = {
  NotAllowedError: () => "It was cancelled, or took too long. Try again.",
  InvalidStateError: () => "This device has a passkey for you already.",
  SecurityError: (place) => `Your passkeys are for ${place}: open Pilothouse there.`,
  NotSupportedError: () => "This device cannot make such a passkey. Use another one.",
};

function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
