package tenancy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/internal/fault"
)

const (
	maxName   = 120
	maxEmail  = 254 // of an address that mail can be sent to
	maxGroup  = 128
	maxGroups = 500
)

var slugForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$`)

// parseEmail returns an address in the form that it is kept in. Only the plain form is taken, without a
// display name, comments or quotes.
func parseEmail(s string) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > maxEmail || strings.ContainsAny(s, "\"<>() ") || !printable(s) {
		return "", errors.New("must be an e-mail address like name@example.org")
	}
	return s, nil
}

// fold makes what two spellings of one address, or a text and a search for it, have in common.
func fold(s string) string { return cases.Fold().String(norm.NFC.String(s)) }

// parseName returns a person's or a tenant's name, trimmed.
func parseName(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", fault.Invalid("%s must not be empty", field).At(field)
	}
	if utf8.RuneCountInString(s) > maxName || !printable(s) {
		return "", fault.Invalid("%s must be at most %d printable characters", field, maxName).At(field)
	}
	return s, nil
}

// printable reports whether s is text that both databases take and a terminal shows as it is.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// shown cuts foreign text (a user agent, a claim) to what may be kept and shown.
func shown(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit])
	}
	return strings.TrimSpace(s)
}

// parseGroups sorts group names and takes doubles out. The names that cannot be kept are reported.
func parseGroups(list []string) (groups, bad []string) {
	groups = []string{}
	for _, g := range list {
		g = strings.TrimSpace(g)
		if g == "" || utf8.RuneCountInString(g) > maxGroup || !printable(g) {
			bad = append(bad, g)
			continue
		}
		groups = append(groups, g)
	}
	slices.Sort(groups)
	groups = slices.Compact(groups)
	if len(groups) > maxGroups {
		bad = append(bad, groups[maxGroups:]...)
		groups = groups[:maxGroups]
	}
	return groups, bad
}

func toJSON(list any) string {
	b, err := json.Marshal(list)
	if err != nil {
		panic(fmt.Sprintf("a list of words is not JSON: %v", err))
	}
	return string(b)
}

// hashToken is the form in which tokens and keys are kept. They are random (256 bits), so that one fast
// hash without salt is enough: there is nothing to guess, and the look-up goes by an index. What leaks
// from the table opens nothing.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// addressKey is the unit by which an address is throttled: a single IPv4 address, and a /64 of IPv6,
// which is what one household or server has.
func addressKey(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		p, _ := a.Prefix(64) // 64 bits fit an IPv6 address
		return p.String()
	}
	return a.String()
}

// slugOf makes a slug of a name.
func slugOf(name string) string {
	s := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-"), "-")
	if s = strings.Trim(s[:min(len(s), 40)], "-"); s == "" {
		return "team"
	}
	return s
}

// likePattern makes a LIKE pattern (with ESCAPE '\') that finds q anywhere.
func likePattern(q string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(fold(q)) + "%"
}
