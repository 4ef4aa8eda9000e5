// Sets theme and contrast before the first paint. src/app/theme.ts and contrast.ts change them afterwards;
// they use the same keys.
;(function () {
  var choice = 'system'
  var contrast = ''
  try {
    choice = localStorage.getItem('parley.theme') || choice
    contrast = localStorage.getItem('parley.contrast')
  } catch {
    // Storage may be closed to the page; the system's theme is right then.
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  if (contrast === 'more' || matchMedia('(prefers-contrast: more)').matches) document.documentElement.dataset.contrast = 'more'
  document.querySelector('meta[name="theme-color"]').content = dark ? '#1b1a18' : '#faf9f6'
})()
