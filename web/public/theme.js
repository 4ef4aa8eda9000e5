// Sets the theme before the first paint. src/app/theme.ts changes it afterwards; both use the same key.
;(function () {
  var choice = 'system'
  try {
    choice = localStorage.getItem('parley.theme') || choice
  } catch {
    // Storage may be closed to the page; the system's theme is right then.
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  document.querySelector('meta[name="theme-color"]').content = dark ? '#1b1a18' : '#faf9f6'
})()
