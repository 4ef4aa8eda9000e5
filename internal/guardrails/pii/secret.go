package pii

import (
	"regexp"
	"slices"
	"strings"
)

// keyShapes are keys that are known by their shape alone. Each begins with letters of its own, by which
// the regular expressions find them quickly. No word may go on before or behind.
var keyShapes = compile(
	`AKIA[A-Z2-7]{16}`, `ASIA[A-Z2-7]{16}`, // Amazon
	`gh[pousr]_[A-Za-z0-9]{36,}`, `github_pat_\w{22,}`,
	`gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent|oas|ffct)-[\w=-]{20,}`,            // GitLab
	`sk-(?:[a-z]+[0-9]*-){0,2}[A-Za-z0-9_-]{20,}`,                               // OpenAI, Anthropic and who follows them
	`parley_[A-Za-z0-9_-]{43}`,                                                  // our own
	`xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{20,}`, `xapp-\d-[A-Za-z0-9-]{20,}`, // Slack
	`AIza[\w-]{35}`, `GOCSPX-[\w-]{28}`, `ya29\.[\w-]{20,}`, // Google
	`sk_(?:live|test|prod)_[A-Za-z0-9]{10,}`, `rk_(?:live|test|prod)_[A-Za-z0-9]{10,}`, `whsec_[A-Za-z0-9]{24,}`, // Stripe
	`npm_[A-Za-z0-9]{36}`, `pypi-[\w-]{50,}`, `dckr_pat_[\w-]{20,}`, `rubygems_[a-f0-9]{48}`,
	`hf_[A-Za-z]{34}`, `SG\.[\w=.-]{66}`, `do[opr]_v1_[a-f0-9]{64}`, // Hugging Face, SendGrid, DigitalOcean
	`hv[sbr]\.[\w-]{20,}`, `glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}`, `shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`, // Vault, Grafana, Shopify
	`ntn_[A-Za-z0-9]{40,}`, `dapi[a-f0-9]{32}(?:-\d)?`, `sgp_(?:[a-zA-Z0-9]+_)?[a-fA-F0-9]{40}`, // Notion, Databricks, Sourcegraph
	`AGE-SECRET-KEY-1[0-9A-Z]{58}`,
	`eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`, // JWT
)

func compile(patterns ...string) []*regexp.Regexp {
	all := make([]*regexp.Regexp, len(patterns))
	for i, p := range patterns {
		all[i] = regexp.MustCompile(p + `(?:\b|$)`)
	}
	return all
}

// form finds secrets by what stands around them. Its groups hold the secret, one at a time.
type form struct {
	pattern *regexp.Regexp
	hints   []string // lower case; a line without any of them is not looked at
	fits    func(value string, quoted bool) bool
}

// Quotes of all kinds that may stand around a value.
const quotes = "\"'`"

var forms = []form{
	{ // A name that says "secret", with a value behind it, in the ways of many languages and files.
		regexp.MustCompile(`(?i)(?:passw(?:or)?d|passwort|kennwort|passphrase|\bpwd|secret|(?:api|access|private|client|auth|encryption)[_ -]?key|` +
			`token|credentials?|zugangsdaten)[\w.-]{0,24}["'\]]{0,2}[ \t]{0,4}(?::=|=>|=|:)[ \t]{0,4}\\?(?:` +
			`"([^"]{4,})"|'([^']{4,})'|` + "`([^`]{4,})`" + `|([^\s"'` + "`" + `,;<>(){}\[\]|\\]{6,}))`),
		[]string{"pass", "kennwort", "pwd", "secret", "key", "token", "credential", "zugangsdaten"},
		func(value string, quoted bool) bool {
			return mixed(value) || (quoted && strings.ContainsAny(value, "!$%&#?*+^~"))
		},
	},
	{ // As people say it.
		regexp.MustCompile(`(?i)\b(?:passw(?:or)?d|passwort|kennwort|passphrase|pin(?:-?code)?|token|api[ -]?key)\s(?:is|ist|lautet|war|was)[ \t]{0,2}:?[ \t]{0,2}` +
			`["'` + "`" + `„“]?([^\s"'` + "`" + `“”,;]{4,})`),
		[]string{" is", " ist", " lautet", " war", " was"},
		func(value string, _ bool) bool { return mixed(value) || (len(value) <= 8 && digits(value) == value) },
	},
	{ // A header that signs a request in.
		regexp.MustCompile(`(?i)\b(?:authorization|x-api-key|api-?key|[\w-]{0,20}token)["']?[ \t]{0,3}:[ \t]{0,3}["']?(?:(?:bearer|basic|token|api-?token|apikey|digest)[ \t]{1,3})?([\w.~+/=@|-]{8,})|` +
			`\b(?:bearer|basic)[ \t]{1,3}([\w.~+/=|-]{16,})`),
		[]string{"authorization", "key", "token", "bearer", "basic"},
		func(value string, _ bool) bool { return mixed(value) },
	},
	{ // What curl signs in with.
		regexp.MustCompile(`\s(?:-u|--user)[ =]{0,3}["']?[^\s:"']*["']?:["']?([^\s"']{3,})`),
		[]string{"curl", "https://", "--user"},
		func(value string, _ bool) bool { return mixed(value) },
	},
	{ // The password of an address that has one.
		regexp.MustCompile(`[a-zA-Z][\w+.-]{1,20}://[^\s/:@"'<>]*:([^\s/@"'<>]{3,})@[\w\[]`),
		[]string{"://"},
		func(string, bool) bool { return true },
	},
	{ // An address that is itself the key.
		regexp.MustCompile(`hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/+]{30,})|/api/webhooks/(\d{15,20}/[\w-]{40,})`),
		[]string{"hooks"},
		func(string, bool) bool { return true },
	},
	{ // Azure's have no beginning of their own: what stands before must not be part of it.
		regexp.MustCompile(`(?:^|[^\w.~-])([\w.~-]{3}[0-9]Q~[\w.~-]{31,34})(?:$|[^\w.~-])`),
		[]string{"q~"},
		func(string, bool) bool { return true },
	},
}

func secretSpans(text string) []Span {
	out := pemSpans(text)
	for _, shape := range keyShapes {
		for _, m := range shape.FindAllStringIndex(text, -1) {
			if !word(before(text, m[0])) && !placeholder(text[m[0]:m[1]]) {
				out = append(out, Span{m[0], m[1], Secret})
			}
		}
	}
	eachLine(text, func(from, to int) {
		low := strings.ToLower(text[from:to])
		has := func(hint string) bool { return strings.Contains(low, hint) }
		for _, f := range forms {
			if slices.ContainsFunc(f.hints, has) {
				out = f.spans(out, text, from, to)
			}
		}
	})
	return out
}

// spans adds what the form finds in one line.
func (f form) spans(out []Span, text string, from, to int) []Span {
	for _, m := range f.pattern.FindAllStringSubmatchIndex(text[from:to], -1) {
		for i := 2; i < len(m); i += 2 {
			if m[i] < 0 {
				continue
			}
			start, end := from+m[i], from+m[i+1]
			quoted := strings.IndexByte(quotes, before(text, start)) >= 0 && strings.IndexByte(quotes, after(text, end)) >= 0
			if !quoted { // the sentence's, not the secret's
				end = start + len(strings.TrimRight(text[start:end], ".:?"))
			}
			if value := text[start:end]; !placeholder(value) && f.fits(value, quoted) && !about.MatchString(text[from+m[0]:start]) {
				out = append(out, Span{start, end, Secret})
			}
		}
	}
	return out
}

// mixed reports whether a value has more in it than a word: letters and digits, some digits, or upper and
// lower case as they change in random text and not in names.
func mixed(value string) bool {
	if strings.ContainsAny(value, " \t") {
		return false
	}
	if d := len(digits(value)); d > 0 && (d < len(value) || d >= 6) {
		return true
	}
	changes := 0
	for i := 1; i < len(value); i++ {
		if a, b := value[i-1], value[i]; letter(a) && letter(b) && a&0x20 != b&0x20 {
			changes++
		}
	}
	return len(value) >= 24 && changes*4 >= len(value)
}

var (
	// about is a name that says something about a secret and does not hold it.
	about = regexp.MustCompile(`(?i)(?:id|name|url|uri|path|file|type|length|size|count|limit|tokens|version|variable|ttl|lifetime|timeout|expir[a-z_]*)s?` +
		`["'\]]{0,2}\s*(?::=|=>|=|:)[\s"'` + "`" + `\\]*$`)
	// placeholders are where a secret would be put, or code that fetches one.
	placeholders = []*regexp.Regexp{
		regexp.MustCompile(`^[$%<{\[@#]|\$[{(]|\{\{|\.\.\.|\($|\(\)`),
		regexp.MustCompile(`(?i)^(?:(?:process\.env|os|env|config|self|this|settings|secrets|import\.meta|var|local|data)\.|getenv|your|my[_-]|(?:null|none|nil|true|false|undefined|string|required)$)`),
		regexp.MustCompile(`(?i)redacted|placeholder|example|changeme|[_-]your[_-]|dummy|_here|x{5,}|\*{3,}|0{12,}|a{10,}`),
		regexp.MustCompile(`^[A-Z][A-Z_]+$`),
	}
)

func placeholder(value string) bool {
	return slices.ContainsFunc(placeholders, func(p *regexp.Regexp) bool { return p.MatchString(value) })
}

var (
	pemBegin = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`)
	pemEnd   = regexp.MustCompile(`-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----`)
	pemBody  = regexp.MustCompile(`^(?:[\s"'>|#*]|\\[nr]|[A-Za-z0-9+/=]{32,})*`)
)

const (
	longestPEM  = 64 << 10 // bytes between a key's first and last line
	shortestPEM = 24       // less between them is a text about keys
)

// pemSpans finds private keys from their first line to the last. Where the last is missing the key was
// cut off, and goes on as long as it looks like one.
func pemSpans(text string) []Span {
	begins := pemBegin.FindAllStringIndex(text, -1)
	if begins == nil {
		return nil
	}
	ends := pemEnd.FindAllStringIndex(text, -1)
	var out []Span
	for i, b := range begins {
		for len(ends) > 0 && ends[0][0] < b[1] {
			ends = ends[1:]
		}
		limit := min(len(text), b[1]+longestPEM)
		if i+1 < len(begins) {
			limit = min(limit, begins[i+1][0])
		}
		body := b[1] + len(strings.TrimRight(pemBody.FindString(text[b[1]:limit]), " \n\r\t\"'>|#*"))
		end := body
		if len(ends) > 0 && ends[0][0] < limit {
			body, end = ends[0][0], ends[0][1]
		}
		if body-b[1] >= shortestPEM {
			out = append(out, Span{b[0], end, Secret})
		}
	}
	return out
}
