// Topic and channel names (nsq internal/protocol/names.go, spec 2.1).

const MAX_NAME_LENGTH = 64;
const NAME = /^[.a-zA-Z0-9_-]+(#ephemeral)?$/;
const EPHEMERAL_SUFFIX = "#ephemeral";

/** The length counts the `#ephemeral` suffix. */
export function isValidName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_NAME_LENGTH && NAME.test(name);
}

/** The suffix is the flag: `x` and `x#ephemeral` are different names. */
export function isEphemeral(name: string): boolean {
  return name.endsWith(EPHEMERAL_SUFFIX);
}
