package pii

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var emailForm = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,24}`)

// fileEndings are no domains: icon@2x.png is a picture.
var fileEndings = []string{"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "mjs", "ts", "tsx", "jsx", "json", "html", "md", "yaml", "yml", "py", "go", "txt"}

func emailSpans(text string) []Span {
	if !strings.Contains(text, "@") {
		return nil
	}
	var out []Span
	for _, m := range emailForm.FindAllStringIndex(text, -1) {
		start, end := m[0], m[1]
		for strings.ContainsRune(".'%-", rune(text[start])) {
			start++ // a quote or the dash of a list, not part of it
		}
		local, domain, _ := strings.Cut(text[start:end], "@")
		ending := strings.ToLower(domain[strings.LastIndexByte(domain, '.')+1:])
		if local == "" || slices.Contains(fileEndings, ending) || (local == "git" && after(text, end) == ':') || authority(text, start) {
			continue
		}
		out = append(out, Span{start, end, Email})
	}
	return out
}

// authority reports whether what begins at i stands in an address between the scheme and the path, where
// it is a user or a password.
func authority(text string, i int) bool {
	piece := text[max(0, i-256):i]
	if space := strings.LastIndexAny(piece, " \t\n\"'<("); space >= 0 {
		piece = piece[space+1:]
	}
	_, rest, in := strings.Cut(piece, "://")
	return in && !strings.ContainsAny(rest, "/?#")
}

var (
	v4Form = regexp.MustCompile(`\d{1,3}(?:\.\d{1,3}){3}`)
	v6Form = regexp.MustCompile(`(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}`)
)

func ipSpans(text string) []Span {
	var out []Span
	add := func(form *regexp.Regexp, apart string, plausible func(text string, start, end int) bool) {
		eachNumber(text, form, 1, func(start, end int) {
			prev, next := before(text, start), after(text, end)
			if word(prev) || word(next) || (prev != 0 && strings.IndexByte(apart, prev) >= 0) || !plausible(text, start, end) {
				return
			}
			// A full stop after an address ends the sentence; a further number makes it something else.
			if next != 0 && strings.IndexByte(apart, next) >= 0 && word(after(text, end+1)) {
				return
			}
			a, err := netip.ParseAddr(text[start:end])
			if err == nil && tells(a) {
				out = append(out, Span{start, end, IP})
			}
		})
	}
	if strings.Contains(text, ".") {
		add(v4Form, ".-", plausibleV4)
	}
	if strings.Count(text, ":") > 1 {
		add(v6Form, ":.", plausibleV6)
	}
	return out
}

// tells reports whether an address says something about a machine: those that mean "this one", "any" or
// "all" are the same everywhere.
func tells(a netip.Addr) bool {
	return !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// plausibleV4 keeps versions such as "version 1.2.3.4" and masks such as 255.255.0.0 apart.
func plausibleV4(text string, start, end int) bool {
	said := lead(text, start)
	return !strings.HasPrefix(text[start:end], "255.") && !strings.HasSuffix(strings.TrimRight(said, " :=\"'"), "version")
}

// plausibleV6 keeps a::b of programs apart: a shortened address has a digit in its first group.
func plausibleV6(text string, start, end int) bool {
	first, _, _ := strings.Cut(text[start:end], ":")
	return !strings.Contains(text[start:end], "::") || (len(first) >= 3 && strings.ContainsAny(first, "0123456789"))
}
