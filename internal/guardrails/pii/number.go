package pii

import (
	"regexp"
	"strings"
)

var cardForm = regexp.MustCompile(`\d(?:[ -]?\d){11,18}`)

// cardWord stands before a number that is a card's.
var cardWord = regexp.MustCompile(`(?:card|karte|visa|amex|\bcc\b|maestro|debit|credit)`)

func cardSpans(text string) []Span {
	var out []Span
	eachNumber(text, cardForm, 12, func(start, end int) {
		if prev, next := before(text, start), after(text, end); word(prev) || prev == '.' || prev == '-' || word(next) || next == '-' {
			return
		}
		if d := digits(text[start:end]); luhn(d) && (issued(d) || cardWord.MatchString(lead(text, start))) {
			out = append(out, Span{start, end, Card})
		}
	})
	return out
}

// issued reports whether one of the large issuers gives out cards of these first digits and this length.
// The ranges of the others are so wide that any number falls into one: those need a word beside them.
func issued(d string) bool {
	two, three, four, n := d[:2], d[:3], d[:4], len(d)
	within := func(s, lo, hi string) bool { return s >= lo && s <= hi }
	switch {
	case d[0] == '4':
		return n == 13 || n == 16 || n == 19
	case within(two, "51", "55"), within(four, "2221", "2720"):
		return n == 16
	case two == "34", two == "37", four == "2131", four == "1800":
		return n == 15
	case four == "6011", within(three, "644", "649"), two == "65", within(four, "3528", "3589"):
		return n >= 16
	case within(three, "300", "305"), three == "309", two == "36", two == "38", two == "39":
		return n == 14
	}
	return false
}

// luhn checks the sum that ends every card number.
func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

var ibanForm = regexp.MustCompile(`(?i)\b[a-z]{2}\d{2} ?[a-z0-9]{2}`)

// ibanLengths says how long an account number of each country is.
var ibanLengths = lengths(`AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
	EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
	LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29
	RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`)

func lengths(table string) map[string]int {
	m := map[string]int{}
	for _, f := range strings.Fields(table) {
		m[f[:2]] = int(f[2]-'0')*10 + int(f[3]-'0')
	}
	return m
}

func ibanSpans(text string) []Span {
	var out []Span
	eachNumber(text, ibanForm, 8, func(start, _ int) {
		if end, ok := ibanEnd(text, start); ok {
			out = append(out, Span{start, end, IBAN})
		}
	})
	return out
}

// ibanEnd reads an account number from start, with a single space or hyphen between its groups, and
// checks its sum.
func ibanEnd(text string, start int) (end int, ok bool) {
	want := ibanLengths[strings.ToUpper(text[start:start+2])]
	if want == 0 {
		return 0, false
	}
	var account strings.Builder
	for end = start; end < len(text) && account.Len() < want; end++ {
		c := text[end]
		if digit(c) || letter(c) {
			account.WriteByte(c)
		} else if (c != ' ' && c != '-') || !word(after(text, end+1)) {
			return 0, false
		}
	}
	return end, account.Len() == want && !word(after(text, end)) && mod97(strings.ToUpper(account.String()))
}

// mod97 checks an account number as ISO 7064 does.
func mod97(account string) bool {
	rest := 0
	for _, c := range []byte(account[4:] + account[:4]) {
		if digit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}
