const schemes = new Set(['http:', 'https:', 'mailto:'])

/** The address of a link if it may be followed, else undefined. */
export function safeLink(url: string | undefined): string | undefined {
  const target = parse(url)
  return target && schemes.has(target.protocol) ? url : undefined
}

/**
 * The address of a picture if it may be shown, else undefined. A picture from another host would tell
 * that host, in its address, whatever a model was made to write there; so only pictures that need no
 * request, or are this server's own, are shown.
 */
export function safeImage(url: string | undefined): string | undefined {
  if (!url) return undefined
  if (/^data:image\/(png|jpeg|gif|webp|avif);base64,/i.test(url)) return url
  const target = parse(url)
  const own = target?.origin === location.origin && target.protocol !== 'blob:' && !url.startsWith('data:')
  return own && target.pathname.startsWith('/v1/') ? url : undefined
}

/** The host of an address, for telling the reader. */
export function hostOf(url: string | undefined): string {
  return parse(url)?.host ?? ''
}

function parse(url: string | undefined): URL | undefined {
  try {
    return url === undefined ? undefined : new URL(url, location.href)
  } catch {
    return undefined
  }
}
