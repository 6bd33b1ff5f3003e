/** Errors of the operating system that mean: this host has no more of something. */
const CLIENT_CODES = 'EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL|EADDRINUSE'

/** A whole message of a failed connection: the code alone, or our words and then the code. */
const CLIENT_ERROR = new RegExp(`^(?:[a-z][a-z ,;-]* \\()?(?:${CLIENT_CODES})\\)?$`)

/**
 * Whether the message of a failed request says that this side could not send it: no file handle,
 * local port or buffer was left. A server that merely speaks of such an error is not taken for one.
 */
export const isClientError = (failureMessage: string): boolean => CLIENT_ERROR.test(failureMessage)
