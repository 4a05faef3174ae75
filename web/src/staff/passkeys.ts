/** Passkeys as browsers have them, with bytes in base64url on the way to and from the server. */
import { ApiError } from "../api/client";

export const passkeysWork = (): boolean => "PublicKeyCredential" in globalThis && "credentials" in navigator;

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.codePointAt(0) ?? 0);
}

function text(buffer: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCodePoint(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

interface Named {
  readonly id: string;
  readonly type: "public-key";
}

const descriptors = (list: readonly Named[] | undefined): PublicKeyCredentialDescriptor[] =>
  (list ?? []).map(({ id, type }) => ({ id: bytes(id), type }));

/** Nobody has touched anything, or has said no: a browser does not tell which. */
function refused(error: unknown): ApiError {
  const known = error instanceof DOMException && error.name === "InvalidStateError";
  return new ApiError(0, known ? "passkey.known" : "passkey.cancelled");
}

/** Shows one of the passkeys that this browser has for us. */
export async function showPasskey(options: object): Promise<object> {
  const asked = options as { challenge: string };
  try {
    const shown = (await navigator.credentials.get({
      publicKey: { ...asked, challenge: bytes(asked.challenge) },
    })) as PublicKeyCredential;
    const { authenticatorData, clientDataJSON, signature, userHandle } =
      shown.response as AuthenticatorAssertionResponse;
    return credential(shown, {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientDataJSON),
      signature: text(signature),
      ...(userHandle && { userHandle: text(userHandle) }),
    });
  } catch (error) {
    throw refused(error);
  }
}

/** Makes a new one. */
export async function makePasskey(options: object): Promise<object> {
  const asked = options as PublicKeyCredentialCreationOptions & {
    challenge: string;
    user: { id: string };
    excludeCredentials?: Named[];
  };
  try {
    const made = (await navigator.credentials.create({
      publicKey: {
        ...asked,
        challenge: bytes(asked.challenge),
        user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: descriptors(asked.excludeCredentials),
      },
    })) as PublicKeyCredential;
    const { attestationObject, clientDataJSON } = made.response as AuthenticatorAttestationResponse;
    return credential(made, {
      attestationObject: text(attestationObject),
      clientDataJSON: text(clientDataJSON),
    });
  } catch (error) {
    throw refused(error);
  }
}

function credential({ id, rawId, type }: PublicKeyCredential, response: object): object {
  return { id, rawId: text(rawId), type, clientExtensionResults: {}, response };
}
