// Without letters and digits that are taken for one another when read out.
const alphabet = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** Makes a password of 20 random characters in groups of five, worth about 115 bits. */
export function newPassword(): string {
  const picked: string[] = []
  while (picked.length < 20) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // Bytes beyond a multiple of the alphabet's length would make its first letters likelier.
      if (byte < 256 - (256 % alphabet.length) && picked.length < 20) picked.push(alphabet[byte % alphabet.length]!)
    }
  }
  return picked.join('').replace(/.{5}(?=.)/g, '$&-')
}
